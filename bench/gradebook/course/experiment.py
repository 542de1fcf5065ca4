"""A course of ten pages with four questions each; the bench writes the answers itself."""

from __future__ import annotations

from petri.study import End, Form, Study, number

PAGES, ITEMS = 10, 4
_ASKED = {
    f"p{page:02}": [f"q{ITEMS * (page - 1) + item:02}" for item in range(1, ITEMS + 1)]
    for page in range(1, PAGES + 1)
}
_QUESTIONS = {
    name: number(f"Which number is hidden in the name {name}?", right=int(name[1:]), required=False)
    for asked in _ASKED.values()
    for name in asked
}
Course = type(
    "Course",
    (Study,),
    {
        "__doc__": "Each question asks for its own number.",
        **_QUESTIONS,
        "timeline": [*(Form(page, ask=asked) for page, asked in _ASKED.items()), End()],
    },
)
