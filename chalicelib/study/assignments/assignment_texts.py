"""The texts about assignments that members of a class read; each is translated into the study's language."""

from __future__ import annotations

from typing import Final

from chalicelib.study.items.markup import marked

DUE_PASSED: Final = marked("The due date of “{name}” has passed, so answers to it aren't taken any more.")
TIME_USED: Final = marked("Your time for “{name}” is over, so answers to it aren't taken any more.")
RELOAD: Final = marked("What you have written is still here. Reload the page to go on.")

MY_CLASS: Final = marked("My class")
NO_ASSIGNMENTS: Final = marked("There are no assignments yet.")
DUE: Final = marked("Due: {moment}")
DUE_ENFORCED: Final = marked("Due: {moment}. Later answers aren't taken.")
NO_DUE_DATE: Final = marked("No due date")
MINUTES: Final = marked("Time limit: {minutes} minutes, from the first page on")
POINTS_OF: Final = marked("{points} of {possible} points")
NOT_RELEASED: Final = marked("The grades aren't released yet.")
NO_GRADE: Final = marked("No grade")
LATE: Final = marked("Late")
DONE: Final = marked("Done")
