"""Chatroom: a small group chats about a question until time is up or all have finished."""

from petri import get_config
from petri.study import Chat, End, Form, Group, Page, Study, likert

from .bots import Bot

__all__ = ["Bot", "Chatroom", "extra_parameters"]

NAMES = ("Heron", "Fox", "Otter", "Wren", "Badger", "Hare", "Owl", "Seal", "Lynx", "Robin", "Moth", "Newt")


def extra_parameters():
    config = get_config()
    config.register("group_size", int, default=3, minimum=2, maximum=len(NAMES))
    config.register("groups", int, default=1, minimum=1)
    config.register("chat_seconds", float, default=180.0, minimum=1)
    config.register("waiting_minutes", float, default=10.0, minimum=0.01)
    config.register("topic", str, default="Anything.")


class Chatroom(Study):
    """Participants who drop out may return; their messages stay."""

    engagement = likert("How engaging did you find it?", 7, low="not engaging at all", high="very engaging")
    difficulty = likert("How difficult did you find it?", 7, low="very easy", high="very difficult")
    dropout_policy = "wait"

    @classmethod
    def timeline(cls, config):
        size, minutes = config.get("group_size"), config.get("waiting_minutes")
        return [
            Page("instructions", button="Begin"),
            Group(size, minimum=2, wait_minutes=minutes, roles=NAMES[:size], shuffle=True),
            Chat("talk", seconds=config.get("chat_seconds"), can_leave=True, button="Finish chatting"),
            Form("questionnaire", title="Almost done", ask=["engagement", "difficulty"]),
            End(),
        ]

    def configure(self):
        config = get_config()
        self.initial_recruitment_size = config.get("group_size") * config.get("groups")

    def analyze(self, data):
        """Count each person's messages and words."""
        from .talk import report_on  # Lazy import: reports are made on your machine only.

        return report_on(data)
