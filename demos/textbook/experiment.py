"""A textbook of two chapters: participants open its pages in any order, and take a test."""

from petri.study import Book, Chapter, End, Form, Page, Study, Timed, choice, number

SIDES = ["Always at least one", "On average one", "Never more than one"]


class Textbook(Study):
    six = number("How many of 600 throws show a six, on average?", right=100, count="best", points=1)
    two = choice("How many of two coins show heads?", SIDES, right=SIDES[1], count="best", points=1)
    middle = number("What is the median of 2, 3, 3, 5 and 12?", right=3, count="best", points=1)
    average = number("What is the mean of 2, 3, 3, 5 and 12?", right=5, points=1, required=False)
    outlier = choice(
        "Which one changes more when 12 becomes 100?", ["Mean", "Median"], right="Mean", points=1
    )

    timeline = [
        Book(
            [
                Chapter("chance", [Page("dice"), Page("coins")], title="1 Chance"),
                Chapter(
                    "averages",
                    [
                        Page("median"),
                        Timed(
                            5,
                            [
                                Form("mean", ask="average", title="The mean"),
                                Form("robust", ask="outlier", title="A robust number"),
                            ],
                            name="quiz",
                        ),
                        Page("reading"),
                    ],
                    title="2 Averages",
                ),
            ],
            title="A small book about numbers",
            annotations=True,
        ),
        Page("goodbye"),
        End(),
    ]
