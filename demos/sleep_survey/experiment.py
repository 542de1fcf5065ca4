"""A form of SurveyJS as a page of a study, after which an answer decides what comes next."""

from petri.study import Embed, End, Page, Study

BOT_ANSWERS = {"hours": 7, "quality": 4, "wakes": "never", "habits": ["coffee"], "comments": ""}


class SleepSurvey(Study):
    timeline = [
        Embed("survey.html", title="Your sleep", bot_data={"answers": BOT_ANSWERS}),
        Page("advice", show_if=lambda player: player.get("survey.quality", 5) < 3),
        Page("thanks"),
        End(),
    ]
