"""Examples for each command, shown at the end of its `--help`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "new": ("petri new my_study",),
    "gallery": ("petri gallery",),
    "vendor": ("petri vendor jspsych my_study",),
    "verify": ("petri verify my_study", "petri verify              (the current folder)"),
    "uuid": ("petri uuid",),
    "setup": ("petri setup",),
    "email-test": ("petri email-test my_study",),
    "debug": (
        "petri debug my_study",
        "petri debug my_study --bots 10 --seed 1 --exit",
        "petri debug my_study --id pilot",
    ),
    "live": ("petri live my_study", "petri live my_study --ask 'Student number'"),
    "live-result": ("petri live-result 1 --out quiz.xlsx",),
    "classes": (
        "petri classes create --name 'Statistics, winter term' --time-zone Europe/Berlin",
        "petri classes import 1 --file students.csv",
        "petri classes assign 1 --file assignments.toml",
        "petri classes links 1 --file links.csv",
        "petri classes mail 1",
    ),
    "gradebook": ("petri gradebook 1 --out grades.xlsx",),
    "import-book": (
        "petri import-book my_book --into my_study",
        "petri import-book my_book --into my_study --write-ids --yes",
        "petri import-book my_book --into my_study --app my-study",
    ),
    "import-items": ("petri import-items questions.gift my_study",),
    "export-items": ("petri export-items my_study --to gift --out questions.gift",),
    "bank": ("petri bank banks/geography --studies .",),
    "assets": (
        "petri assets my_study",
        "petri assets my_study add happy.png --alt 'A smiling face'",
        "petri assets my_study remove happy.png",
        "petri assets . add happy.png --alt 'A smiling face' --app my-study",
    ),
    "library": (
        "petri library --address https://dash.example.org --search stroop",
        "petri library publish my_study --title 'The Stroop task' --visibility lab",
        "petri library copy stroop my_stroop",
    ),
    "serve": ("petri serve my_study", "petri serve my_study --address https://study.example.org"),
    "simulate": (
        "petri simulate my_study --participants 1000",
        "petri simulate my_study --seed 7 --out trial",
    ),
    "bot": ("petri bot my_study --debug", "petri bot my_study --app my-study-pilot --number 5"),
    "load": ("petri load data/pilot-data.zip my_study",),
    "dashboard": ("petri dashboard", "petri dashboard --app my-study"),
    "summary": ("petri summary", "petri summary --app my-study --stage live"),
    "export": ("petri export", "petri export --app my-study --stage live", "petri export --uploads"),
    "erase": ("petri erase 12", "petri erase 12 --app my-study"),
    "erase-uploads": ("petri erase-uploads 12", "petri erase-uploads 12 --app my-study"),
    "open-session": ("petri open-session 12", "petri open-session 12 --app my-study"),
    "grade": (
        "petri grade",
        "petri grade --sheet answers.csv",
        "petri grade --take answers.csv --grader anna",
    ),
    "recruit": ("petri recruit 5", "petri recruit 5 --app my-study"),
    "close-recruitment": ("petri close-recruitment --app my-study",),
    "dead-letters": ("petri dead-letters", "petri dead-letters replay LETTER"),
    "audit": ("petri audit --actor user:ada", "petri audit verify --app my-study"),
    "lab": (
        "petri lab serve --name 'Linguistics Lab'",
        "petri lab deploy --name 'Linguistics Lab'",
        "petri lab add colour-study --role Researcher",
        "petri lab grant colour-study ada --role Viewer",
        "petri lab revoke colour-study ada",
        "petri lab rotate-keys",
        "petri lab costs",
        "petri lab destroy",
    ),
    "users": (
        "petri users add ada --name 'Ada Lovelace' --role Researcher",
        "petri users invite mary@example.org --role Researcher --group eyelab",
        "petri users grant ada --role 'Lab admin' --days 30",
        "petri users role add 'Paying assistant' --right View --right Pay",
        "petri users group add-member eyelab ada --admin",
        "petri users token ada --name script --right View --right Export",
    ),
    "payments": (
        "petri payments",
        "petri payments retry --dry-run",
        "petri payments release --participant 7",
    ),
    "compensate": ("petri compensate --worker-id A1B2 --dollars 2.50",),
    "hits": ("petri hits --app my-study",),
    "extend-mturk-hit": ("petri extend-mturk-hit --hit-id 3ABC --assignments 5",),
    "expire": ("petri expire --app my-study",),
    "qualify": ("petri qualify --qualification my_quality --by-name --value 1 A1B2 A3C4",),
    "revoke": ("petri revoke --qualification my_quality --by-name A1B2",),
    "preflight": ("petri preflight my_study", "petri preflight my_study --participants 40 --json"),
    "rehearse": ("petri rehearse my_study",),
    "sandbox": ("petri sandbox my_study",),
    "deploy": ("petri deploy my_study",),
    "apps": ("petri apps",),
    "monitor": ("petri monitor --app my-study",),
    "logs": ("petri logs --app my-study",),
    "hibernate": ("petri hibernate --app my-study",),
    "awaken": ("petri awaken --app my-study",),
    "destroy": ("petri destroy --app my-study",),
    "rollback": ("petri rollback --app my-study",),
}


def epilog(name: str) -> str | None:
    """Return the examples shown at the end of a command's help."""
    examples = EXAMPLES.get(name)
    return None if examples is None else "\n\n".join(("Examples:", *(f"  {one}" for one in examples)))
