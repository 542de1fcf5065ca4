"""Words notices: the facts are always plain, the frame can be light in tone."""

from __future__ import annotations

from dataclasses import dataclass

MAX_SUBJECT_LENGTH = 150


@dataclass(frozen=True, slots=True)
class MailWording:
    """The greeting, subject and closing of mail about one experiment."""

    title: str
    is_whimsical: bool = True

    def subject(self, subject: str) -> str:
        """Return a subject on one line, with the experiment's name before it."""
        return " ".join(f"[{self.title}] {subject}".split())[:MAX_SUBJECT_LENGTH]

    def letter(self, text: str) -> str:
        """Return the mail's text."""
        if not self.is_whimsical:
            return f"The experiment '{self.title}' reports:\n\n{text}\n\nThis notice was sent by Petri.\n"
        return (
            "Dear experimenter,\n\n"
            f"something stirs in the dish called '{self.title}', and you would want to know:\n\n"
            f"{text}\n\n"
            "The culture bubbles on. Look in when you can.\n\n"
            "Yours, from under the lid,\n"
            "Petri\n"
        )
