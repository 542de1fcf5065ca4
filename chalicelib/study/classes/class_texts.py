"""The texts that people read who join a class; each is translated into the study's language."""

from __future__ import annotations

from typing import Final

from chalicelib.study.items.markup import marked

NAME_EMPTY: Final = marked("Enter a name with at least one letter or digit.")
NAME_TOO_LONG: Final = marked("The name can have 120 characters at most.")
EMAIL_INVALID: Final = marked("Enter an email address such as ada@example.org.")
STUDENT_NUMBER_INVALID: Final = marked("Enter a student number of at most 60 letters and digits.")
UNREADABLE: Final = marked("The text contains characters that can't be shown. Remove them.")
IDENTITY_TAKEN: Final = marked("Another member of the class has this email address or student number.")
TITLE: Final = marked("Join the class")
CODE: Final = marked("Class code")
NAME: Final = marked("Your name")
EMAIL: Final = marked("Your email address")
STUDENT_NUMBER: Final = marked("Your student number")
CODE_UNKNOWN: Final = marked("No class has this code. Check it with your instructor.")
CLASS_CLOSED: Final = marked("This class can't be joined at the moment. Ask your instructor.")
CLASS_OVER: Final = marked("This class is over.")
CLASS_LAST_DAY: Final = marked("The last day was {day}.")
CLASS_KEPT: Final = marked(
    "Your answers are stored, and no more are taken. Under “My class” you see your assignments, and the "
    "grades that are released."
)
CLASS_MORE_TIME: Final = marked("If you need more time, ask your instructor.")
CLASS_NOT_BEGUN: Final = marked("This class hasn't begun yet. Its first day is {day}.")
LINK_ENDED: Final = marked("This link doesn't work any more. Ask your instructor for a new one.")
FEE_UNPAID: Final = marked(
    "The fee of {fee} for this class isn't paid yet. Pay it as your instructor has told you, then open your "
    "link again."
)
MEMBER_ALREADY: Final = marked(
    "A member of this class has this email address or student number. If that is you, open the link that you "
    "have received, or ask your instructor for a new one."
)
JOINED: Final = marked("You have joined {name}")
KEEP_LINK: Final = marked(
    "This link is yours alone. Keep it, for example as a bookmark: with it you continue on any device."
)
YOUR_LINK: Final = marked("Your link for {name}")
BEGIN: Final = marked("Begin")
PAY_FEE: Final = marked("Pay {fee}")
FEE_PAID: Final = marked("The fee is paid. You can begin.")
FEE_WAITING: Final = marked("Your payment isn't confirmed yet. Reload this page in a minute.")
FEE_FAILED: Final = marked("The payment can't be begun at the moment. Try again in a minute.")
FEE_TO_PAY: Final = marked(
    "The fee of {fee} for this class isn't paid yet. Pay it at {address}, then open your link again."
)
