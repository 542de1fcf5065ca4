"""Items of each kind, in the variants that behave differently. The tests of all kinds run over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.study.items import (
    Item,
    about,
    area,
    between,
    categorise,
    choice,
    choices,
    code,
    consent,
    date,
    display,
    email,
    fill_in,
    likert,
    match,
    number,
    order,
    otherwise,
    poll,
    range_,
    rating,
    slider,
    table,
    text,
    time,
    upload,
    when,
)

#: Stands in right answers and feedback only: no browser may ever get it.
SECRET = "sphinx-of-black-quartz"
#: A text that would run as a script if it were not escaped.
SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&"

COLOURS = {"red": "Red", "blue": "Blue", "green": "Green"}
FEEDBACK = {"correct": SECRET, "incorrect": SECRET}

SAMPLES: Mapping[str, Item] = {
    "choice": choice("Which?", COLOURS, right="blue", feedback={**FEEDBACK, "red": SECRET}),
    "choice_listed": choice("Which?", ["Red", "Blue"]),
    "choice_other": choice("Which?", COLOURS, other=True),
    "choice_other_labelled": choice("Which?", COLOURS, other="Something else", shuffle=True),
    "choice_dropdown": choice("Which?", COLOURS, style="dropdown", right=["red", "blue"], feedback=FEEDBACK),
    "choice_buttons": choice("Which?", COLOURS, style="buttons"),
    "choice_pictures": choice(
        "Which?",
        {
            "cat": {"label": "A cat", "picture": "cat.png", "alt": "A cat asleep"},
            "dog": {"picture": "dog.png"},
        },
        style="pictures",
    ),
    "choice_yes_no": choice("Do you?", style="yes_no", right="no", feedback=SECRET),
    "choices": choices("Which ones?", COLOURS, right=["red", "green"], grading="percent", feedback=FEEDBACK),
    "choices_bounded": choices("Which ones?", COLOURS, least=2, most=2),
    "choices_other": choices("Which ones?", COLOURS, other=True, most=3),
    "choices_alone": choices(
        "Which ones?", [*COLOURS, {"key": "none", "alone": True, "fixed": True}], shuffle=True
    ),
    "choices_none": choices("Which ones?", COLOURS, least=0),
    "text": text("Why?", right=SECRET, feedback=FEEDBACK),
    "text_long": text("Why?", long=True, min_length=30, max_length=200),
    "text_pattern": text(
        "Which code?", pattern=r"[A-Z]{3}-\d{2,4}", pattern_help="Three letters, then digits."
    ),
    "text_right_pattern": text("Which?", right_pattern=SECRET + ".*"),
    "email": email("Where?"),
    "number": number(
        "How many?", minimum=0, maximum=10, unit="points", right=between(7, 9), feedback=FEEDBACK
    ),
    "number_free": number("How many?"),
    "number_negative": number("How warm?", minimum=-30, maximum=-5, step=5),
    "number_decimal": number(
        "How long?", minimum="0.5", maximum=20, step="0.25", right=about("3.14", "0.01")
    ),
    "number_decimals": number("How much?", decimals=2, maximum=5),
    "likert": likert("I like tea.", right=2, feedback=FEEDBACK),
    "likert_seven": likert("I like tea.", 7),
    "likert_ends": likert("I like tea.", 9, low="Not at all", high="Very much", required=False),
    "likert_labels": likert("I drink tea.", 3, labels=["Never", "Sometimes", "Often"]),
    "consent": consent("I agree.", "You will see ten pictures.\nNothing else is stored."),
    "date": date("When?", right="2026-03-31", feedback=FEEDBACK),
    "date_bounded": date("When?", minimum="2024-02-28", maximum="2024-03-01"),
    "time": time(
        "When?", minimum="08:00", maximum="17:30", right=between("09:00", "10:00"), feedback=FEEDBACK
    ),
    "time_seconds": time("When?", seconds=True),
    "slider": slider(
        "How warm?", low="Cold", high="Hot", unit="°C", right={"from": 40, "to": 60}, feedback=FEEDBACK
    ),
    "slider_start": slider("How warm?", minimum=-1, maximum=1, step="0.1", start=0, show_value=False),
    "range": range_("How many jelly beans?", maximum=1000, right=about(420, 50), feedback=FEEDBACK),
    "rating": rating("How was it?", right=[4, 5], feedback=FEEDBACK),
    "poll": poll("Which?", COLOURS),
    "table": table("How much do you like them?", COLOURS, likert("", 7), feedback=SECRET),
    "table_graded": table(
        "Which fits?",
        {"a": "A", "b": "B"},
        choice("", ["x", "y"]),
        right={"a": "x", "b": "y"},
        grading="percent",
    ),
    "table_numbers": table(
        "How many?", ["Cats", "Dogs & birds"], number("", minimum=0, maximum=9, unit="of them")
    ),
    "table_texts": table("Why?", COLOURS, text("", max_length=20, required=False), shuffle=True),
    "table_ratings": table("How good?", {"é ü": "One", "b.c": "Two"}, rating("", 3)),
    "table_choices": table("Which?", ["One", "Two"], choices("", COLOURS, other=True)),
    "fill_in": fill_in(
        "Complete this.",
        "The capital of France is ___.\nWater boils at ___ °C, and ___.",
        [
            [when(SECRET, feedback=SECRET), when(pattern="[Ll]yon", right=False), otherwise(SECRET)],
            between(99, 101),
            [
                {"from": 1, "to": 2, "feedback": SECRET},
                {"pattern": "a|b+", "right": False},
                {"feedback": SECRET},
            ],
        ],
        grading="percent",
    ),
    "fill_in_optional": fill_in("Complete this.", "___ and ___", ["salt", 5], required=False),
    "order": order("Rank these.", COLOURS),
    "order_lines": order(
        "Sort.", ["import this", "print(1)", "}", "}"], right=True, code=True, feedback=FEEDBACK
    ),
    "order_parsons": order(
        "Sort these.",
        "def f(x):\n    if x:\n        return 1\n    return 2",
        distractors=["return None", "while x:"],
        indentation=True,
        right=True,
        grading="percent",
        feedback=FEEDBACK,
    ),
    "match": match("Which capital?", {"France": "Paris", "Italy": "Rome"}, extra=["Oslo"], feedback=FEEDBACK),
    "match_keys": match(
        "Which?",
        left={"a": "A", "b": "B"},
        options={"x": "X", "y": "Y"},
        reuse=True,
        right={"a": "y", "b": "y"},
    ),
    "match_free": match("Which?", left=COLOURS, options=COLOURS, required=False),
    "categorise": categorise("Where?", {"animals": ["cat", "dog"], "plants": ["oak"]}, grading="percent"),
    "categorise_free": categorise("Where?", ["like", "dislike"], things=COLOURS),
    "area": area(
        "Where is the ear?",
        "face.png",
        {
            "ear": {"label": "The ear", "circle": [30, 40, 10]},
            "nose": {"label": "The nose", "polygon": [[0, 0], [10, 0], [5, 8.5]]},
            "mouth": {"rect": [10, 20, 30, 40]},
        },
        size=(800, 600),
        alt="A face",
        right="ear",
        feedback=FEEDBACK,
    ),
    "area_several": area(
        "Where are the eyes?",
        "face.png",
        {key: {"label": key, "rect": [place, 0, 5, 5]} for place, key in enumerate("abc")},
        size=(80, 60),
        alt="A face",
        most=2,
        right=["a", "b"],
        grading="percent",
    ),
    "code": code(
        "Write add.",
        [{"run": "add(1, 2)", "expect": 3}, {"name": "negative", "run": "add(-1, 1)", "expect": 0}],
        starter="function add(a, b) {\n}",
        feedback=FEEDBACK,
    ),
    "upload": upload("Your drawing?", source="drawing", max_megabytes=2),
    "upload_file": upload("Your thesis?", accept=["application/pdf", ".tex"]),
    "upload_sound": upload("Sing.", source="sound"),
    "display": display("Look at this.", media=["a.png", {"file": "b.mp3", "alt": "A bell"}, "c.mp4"]),
}


def named_samples() -> Iterator[tuple[str, Item]]:
    """Yield each sample with its name."""
    for name, item in SAMPLES.items():
        yield name, item.named(name)


def kinds_sampled() -> set[Any]:
    """Return the kinds that have a sample."""
    return {item.kind for item in SAMPLES.values()}
