"""A quiz for the lecture hall: the host opens each question, and quick right answers score most."""

from petri.study import End, Form, Hosted, Page, Study, choice, choices, number, order, slider

PLANETS = ["Venus", "Earth", "Mars", "Jupiter"]


class LiveQuiz(Study):
    fastest = choice("Which is the fastest?", ["A swift", "A cheetah", "A sailfish"], right="A swift")
    primes = choices("Which of these are prime numbers?", ["51", "53", "57", "59"], right=["53", "59"])
    planets = order("Order these planets, the nearest to the sun first.", PLANETS, right=PLANETS)
    root = number("What is the square root of 1,764?", right=42)
    jar = slider("How many sweets are in the jar?", minimum=0, maximum=200)
    again = choice("Shall we play again?", ["Yes", "No"])

    timeline = [
        Hosted(
            [
                Form("fastest", ask="fastest", seconds=20, title="Animals"),
                Form("primes", ask="primes", seconds=30, title="Numbers"),
                Form("planets", ask="planets", seconds=40, title="Planets"),
                Form("root", ask="root", seconds=45, title="Roots"),
                Form("jar", ask="jar", seconds=20, title="A guess"),
                Form("again", ask="again", seconds=15, title="A vote"),
            ],
            name="quiz",
        ),
        Page("goodbye"),
        End(),
    ]
