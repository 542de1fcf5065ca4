"""`petri verify` reports what is wrong with the pages of a study, with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.study.pages.missing_values import OF_GROUPS
from chalicelib.study.player import StudyGroup
from infra.verify import Finding, page_trial, verify
from infra.verify.page_trial import try_pages
from infra.verify.study_code import check_study_code

CODE = """
from petri.study import End, Group, Page, Study, Wait, choice, number


class Split(Study):
    offer = number("How much?", minimum=0, maximum=10)
    accept = choice("Accept?", {"yes": "Yes", "no": "No"})

    timeline = [
        Page("welcome"),
        Page("propose", ask="offer"),
        Page("respond", ask="accept"),
        End(),
    ]
"""
GOOD = {
    "experiment.py": CODE,
    "config.txt": "[Experiment]\nbase_payment = 1.00\n",
    "README.md": "# A study\n",
    "pages/welcome.md": "# Hello\n\n![An owl](/static/owl.png)\n",
    "pages/propose.md": "You are number {{ participant.id }}.\n",
    "pages/respond.md": "You offered {{ player.offer }}.\n\n{{ ask('accept') }}\n",
    "static/owl.png": "png",
}
MARKDOWN = {
    "experiment.py": None,
    "pages/welcome.md": None,
    "pages/propose.md": None,
    "pages/respond.md": None,
    "study.md": (
        "# welcome\n\nHello.\n\n:::{number} age: How old?\n:::\n\n# thanks\n\nYou are {{ player.age }}.\n"
    ),
}

Check = Callable[..., list[str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Verify the good study with changes, and return the findings as text."""

    def check(changes: dict[str, str | None] | None = None) -> list[str]:
        folder = tmp_path / "study"
        for name, text in {**GOOD, **(changes or {})}.items():
            if text is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
        found: list[Finding] = verify(folder, environ={}, home=tmp_path / "home")
        return [f"{each.level}: {each.where}: {each.what} {each.fix}".rstrip() for each in found]

    return check


@pytest.fixture
def shown(tmp_path: Path) -> Check:
    """Render the pages of a study with sample answers, and return what fails."""

    def shown(changes: dict[str, str | None]) -> list[str]:
        folder = tmp_path / "study"
        for name, text in {**GOOD, **changes}.items():
            if text is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
        loaded = load_experiment(folder, environ={}, home=tmp_path / "home")
        found = [*check_study_code(folder, loaded.experiment_class), *try_pages(loaded)]
        return [f"{each.level}: {each.where}: {each.what} {each.fix}".rstrip() for each in found]

    return shown


def test_a_good_study_has_no_problem(check: Check):
    assert check() == []


def test_a_good_study_in_one_file_has_no_problem(check: Check):
    assert check(MARKDOWN) == []


def test_a_wrong_setting_of_a_timeline_that_depends_on_it_is_reported(check: Check):
    code = CODE.replace(
        "    timeline = [", "    @classmethod\n    def timeline(cls, config):\n        return ["
    )
    code += "\n\ndef extra_parameters():\n    get_config().register('rounds', int, minimum=1)\n"
    code = code.replace('Page("welcome"),', 'Rounds(config.get("rounds"), [Page("welcome")]),')
    code = code.replace("import End,", "import Rounds, End,").replace(
        "from petri.s", "from petri import get_config\nfrom petri.s"
    )
    settings = "[Experiment]\nrounds = 0\n"
    (found,) = check({"experiment.py": code, "config.txt": settings})
    assert found.startswith("error: config.txt, line 2: rounds must be 1 or more.")


PROBLEMS: dict[str, tuple[dict[str, str | None], str]] = {
    "a page that doesn't compile": (
        {"pages/welcome.md": "a\n\n<form>b</form>\n"},
        "error: pages/welcome.md, line 3: ",
    ),
    "a page file that is missing": (
        {"pages/welcome.md": None},
        "error: experiment.py: Page 'welcome' has no file; ",
    ),
    "an item that no page asks for": (
        {"experiment.py": CODE.replace('ask="accept"', "").replace(", )", ")"), "pages/respond.md": "a\n"},
        "warning: experiment.py: the item 'accept' is asked on no page. ",
    ),
    "a page that isn't shown": (
        {"pages/other.md": "a\n"},
        "warning: pages/other.md: is a page that the timeline",
    ),
    "a picture that is missing": (
        {"pages/welcome.md": "a\n\n![b](/static/cat.png)\n"},
        "error: pages/welcome.md, line 3: There is no file static/cat.png. ",
    ),
    "a script that is missing": (
        {"pages/welcome.md": "---\nscript: x.js\n---\na\n"},
        "error: experiment.py: 'welcome' has the script x.js, which isn't in static/. ",
    ),
    "an item that doesn't exist": (
        {"experiment.py": CODE.replace('ask="offer"', 'ask="offfer"')},
        (
            "error: experiment.py: Page 'propose' asks for 'offfer', which isn't an item of the study; "
            "did you mean 'offer'?"
        ),
    ),
    "an item that a page's file misspells": (
        {"pages/respond.md": "a\n\n{{ ask('acept') }}\n"},
        "error: experiment.py: pages/respond.md asks for 'acept', which isn't an item of",
    ),
    "a value that is missing": (
        {"pages/propose.md": "a\n\n{{ nothing }}\n"},
        "error: pages/propose.md, line 3: `nothing` has no value on this page. ",
    ),
    "a name in a branch that no sample reaches": (
        {"pages/respond.md": "a\n{% if player.offer > 99 %}{{ ofer }}{% endif %}\n\n{{ ask('accept') }}\n"},
        "error: pages/respond.md, line 2: `ofer` has no value on this page. Did you mean `offer`?",
    ),
    "an answer that comes later": (
        {"pages/propose.md": "a\n\n{{ player.accept }}\n"},
        "error: pages/propose.md, line 3: The page fails with sample answers: Player 1 has no answer",
    ),
    "an error in an expression": (
        {"pages/respond.md": "{{ player.offer / 0 }}\n\n{{ ask('accept') }}\n"},
        "error: pages/respond.md, line 1: The page fails with sample answers: ",
    ),
    "an attribute that players don't have": (
        {"pages/respond.md": "You offered {{ player.ofer }}.\n\n{{ ask('accept') }}\n"},
        (
            "error: pages/respond.md, line 1: The page fails with sample answers: Player 1 has no 'ofer': "
            "it is neither an item of the study nor a value that keep() stored. Did you mean 'offer'?"
        ),
    ),
    "the group on a page before the group": (
        {"pages/propose.md": "a\n\n{{ group.role('first').offer }}\n"},
        (
            "error: pages/propose.md, line 3: The page fails with sample answers: There is no group on this "
            "page yet, whose `role` could be used. Show the page after a Group, or put this inside {% if"
        ),
    ),
    "a condition that doesn't exist": (
        {
            "experiment.py": CODE.replace(
                "    timeline", '    conditions = {"colour": ["red"]}\n    timeline'
            ),
            "pages/propose.md": "{{ condition.color }}\n",
        },
        (
            "error: pages/propose.md, line 1: The page fails with sample answers: There is no condition "
            "`color`; the conditions are colour"
        ),
    ),
    "a role that the group doesn't have": (
        {
            "experiment.py": CODE.replace(
                'Page("respond"', 'Group(2, roles=["first", "second"]), Page("respond"'
            ),
            "pages/respond.md": "{{ group.role('frist').offer }}\n\n{{ ask('accept') }}\n",
        },
        (
            "error: pages/respond.md, line 1: The page fails with sample answers: Group 900002 has no member "
            "with the role 'frist'; its roles are 'first', 'second'"
        ),
    ),
    "a page for a role that no group has": (
        {
            "experiment.py": CODE.replace(
                'Page("respond"', 'Group(2, roles=["first", "second"]), Page("respond", role="frist"'
            )
        },
        (
            "error: experiment.py: Page 'respond' is for the role 'frist', which no Group defines; "
            "did you mean 'first'?"
        ),
    ),
    "an answer for the end of the time that the item refuses": (
        {"experiment.py": CODE.replace('ask="offer"', 'ask="offer", seconds=9, on_timeout={"offer": 11}')},
        "error: experiment.py: Page 'propose' has on_timeout={'offer': 11}, which is refused: ",
    ),
    "an answer for the end of the time to a misspelled item": (
        {"experiment.py": CODE.replace('ask="offer"', 'ask="offer", on_timeout={"ofer": 1}')},
        "error: experiment.py: Page 'propose' has on_timeout={'ofer': ...}, but doesn't ask for 'ofer'; did",
    ),
    "a method that is misspelled": (
        {
            "experiment.py": CODE.replace("End(),", 'Group(2), Wait(then="pya"), End(),')
            + "\n    def pay(self, group):\n        pass\n"
        },
        "error: experiment.py: Wait 'wait' calls pya(), which the study doesn't define; did you mean 'pay'?",
    ),
    "an error in a method that a group calls": (
        {
            "experiment.py": CODE.replace("    timeline", "    num_participants = 4\n    timeline").replace(
                "End(),", 'Group(2), Wait(then="pay"), End(),'
            )
            + "\n    def pay(self, group):\n        group.players[0].earn(group.players[0].ofer)\n"
        },
        "error: experiment.py, line 18: pay() fails in a run: AttributeError: Player ",
    ),
    "an expression with a misspelled name": (
        {"experiment.py": CODE.replace('ask="accept"', 'ask="accept", show_if="offfer > 2"')},
        (
            "error: experiment.py: 'respond' depends on `offfer > 2`, but `offfer` has no value in this "
            "study. Did you mean `offer`?"
        ),
    ),
    "an end that depends on a misspelled item": (
        {**MARKDOWN, "study.md": str(MARKDOWN["study.md"]) + "\n:::{end} screen_out\nif: agee < 18\n:::\n"},
        (
            "error: study.md: 'end' depends on `agee < 18`, but `agee` has no value in this study. "
            "Did you mean `age`?"
        ),
    ),
    "a study file with a problem": (
        {**MARKDOWN, "study.md": "# a\n\n:::{texxt} b\n:::\n"},
        "error: study.md, line 3: There is no directive {texxt}. ",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_of_a_study_is_reported_with_its_place(name: str, check: Check):
    changes, expected = PROBLEMS[name]
    found = check(changes)
    assert [line for line in found if line.startswith(expected)], found
    assert not [line for line in found if "is wrong:" in line]


def test_a_page_with_a_problem_is_reported_once_and_not_as_missing(check: Check):
    assert len(check({"pages/welcome.md": "{{\n"})) == 1


GROUPS = """
from petri.study import End, Group, Page, Rounds, Study, Wait, number


class Split(Study):
    conditions = {"colour": ["red", "blue"]}
    offer = number("How much?", minimum=0, maximum=10)

    timeline = [
        Page("welcome"),
        Group(2, roles=["proposer", "responder"]),
        Rounds(3, [Page("propose", ask="offer", role="proposer"), Wait(then="pay"), Page("respond")]),
        End(),
    ]

    def pay(self, group):
        for player in group:
            player.keep(payoff=10)
"""
RESPOND = "{{ group.role('proposer').offer }} {{ player.payoff }} {{ condition.colour }} {{ round }}\n"


def groups(**pages: str) -> dict[str, str | None]:
    return {
        "experiment.py": GROUPS,
        "pages/respond.md": RESPOND,
        **{f"pages/{name}.md": text for name, text in pages.items()},
    }


def test_pages_of_all_roles_and_rounds_are_shown_what_hooks_have_stored(shown: Check):
    assert shown(groups()) == []


@pytest.mark.parametrize(
    ("page", "case"),
    [
        ("{{ player.offer }}", "(role responder, colour red, round 1)"),
        (
            "{% if condition.colour == 'blue' %}{{ player.accept }}{% endif %}",
            "(role proposer, colour blue, round 1)",
        ),
        ("{% if round == 3 %}{{ 1 / 0 }}{% endif %}", "(role proposer, colour red, round 3)"),
        (
            "{% if round > 1 %}{{ player.in_round(round - 1).offer }}{% endif %}",
            "(role responder, colour red, round 2)",
        ),
    ],
)
def test_a_page_that_fails_for_one_role_condition_or_round_is_found(page: str, case: str, shown: Check):
    (finding,) = shown(groups(respond=f"a\n\n{page}\n"))
    assert finding.startswith("error: pages/respond.md, line 3: The page fails with sample answers: ")
    assert case in finding


def test_a_page_that_is_shown_by_condition_only_gets_a_warning(shown: Check):
    page = "---\nshow_if: player.get('offer') == 99\n---\n{{ 1 / 0 }}\n"
    (finding,) = shown(groups(respond=page))
    assert finding.startswith("warning: pages/respond.md, line 4: The page fails with sample answers")


def test_a_hook_that_fails_stops_the_trial_of_pages(shown: Check):
    code = GROUPS.replace("player.keep(payoff=10)", "1 / 0")
    assert shown({**groups(respond="{{ player.get('payoff').x }}\n"), "experiment.py": code}) == []


def test_the_page_of_a_wait_is_shown_and_used(shown: Check):
    study = pairs(code=PAIRS.replace("Wait(", 'Wait(page="meanwhile", ', 1))
    assert shown({**study, "pages/meanwhile.md": "You wait, {{ player.role }}."}) == []
    (problem,) = shown({**study, "pages/meanwhile.md": "{{ player.price }}"})
    assert "pages/meanwhile.md, line 1: " in problem
    assert "(role buyer, colour red, delay 0)" in problem


def test_values_of_the_studys_own_method_are_known(shown: Check):
    code = GROUPS + "\n    def variables(self, player, page):\n        return {'mine': 5}\n"
    assert shown({**groups(respond="{{ mine }}\n"), "experiment.py": code}) == []


@pytest.mark.parametrize(
    "hook",
    [
        "def page_answered(self, player, page):\n        1 / 0",
        "def variables(self, player, page):\n        raise KeyError(page)",
        "def participant_constructor(self, *args, **kwargs):\n        1 / 0",
    ],
)
def test_a_hook_that_raises_anything_is_not_reported_as_an_error_of_a_page(hook: str, shown: Check):
    code = f"{GROUPS}\n    {hook}\n"
    assert shown({**groups(), "experiment.py": code}) == []


def test_an_error_outside_of_pages_and_hooks_is_a_warning(shown: Check, monkeypatch: pytest.MonkeyPatch):
    def go(self: object) -> None:
        raise LookupError("no such element")

    monkeypatch.setattr(page_trial._Tour, "go", go)
    (finding,) = shown(groups())
    assert "warning" in finding
    assert "LookupError: no such element" in finding


def test_a_loop_over_what_a_method_returns_is_shown_its_first_value(shown: Check):
    code = """
from petri.study import For, Page, Study, choice


class Pictures(Study):
    name = choice("Which?", ["a", "b"])
    timeline = [For("picture", "pictures", do=[Page("welcome", ask="name")])]

    def pictures(self, player):
        return ["owl", "cat"]
"""
    pages = {"pages/propose.md": None, "pages/respond.md": None, "experiment.py": code}
    assert shown({**pages, "pages/welcome.md": "{{ picture }} {{ picture.upper() }}\n"}) == []
    (finding,) = shown({**pages, "pages/welcome.md": "{{ picture.lower }} {{ picture.size }}\n"})
    assert "has no attribute 'size'" in finding
    assert "round 1" in finding


def test_a_required_upload_is_accepted(check: Check):
    code = CODE.replace("choice, number", "choice, number, upload").replace(
        "    timeline", '    sketch = upload("Draw a house.")\n\n    timeline'
    )
    assert check({"experiment.py": code.replace('ask="offer"', 'ask=["offer", "sketch"]')}) == []


def test_code_that_cannot_be_imported_is_not_reported_as_missing_templates(check: Check):
    (finding,) = check({"experiment.py": CODE.replace("maximum", "most")})
    assert "unexpected keyword argument 'most'" in finding


def test_the_names_that_are_known_to_be_of_groups_are_attributes_of_a_group():
    assert {name for name in OF_GROUPS if not hasattr(StudyGroup, name)} == set()


PAIRS = """
from petri.study import Cohort, End, Form, Group, Page, Rounds, Study, Wait, number


class Pairs(Study):
    conditions = {"colour": ["red", "blue"], "delay": [0, 5]}
    offer = number("How much?", minimum=0, maximum=10)
    timeline = [
        Page("hello"),
        Group(2, roles=["buyer", "seller"]),
        Page("trade", ask="offer"),
        Wait(),
        End(),
    ]
"""


def pairs(
    hello: str = "Hello.", trade: str = "Trade.", code: str = PAIRS, more: str = ""
) -> dict[str, str | None]:
    config = f"[Experiment]\nbase_payment = 1.00\nmode = debug\n{more}\n"
    return {**MARKDOWN, "study.md": None, "config.txt": config, "experiment.py": code} | {
        "pages/hello.md": hello,
        "pages/trade.md": trade,
        "pages/welcome.md": None,
    }


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('condition.colour == "rde"', "'rde' isn't a level of 'colour'"),
        ("condition['colour'] != 'rde'", "Did you mean 'red'?"),
        ('"rde" == player.condition.colour', "'rde' isn't a level of 'colour'"),
        ("colour in ['red', 'green']", "'green' isn't a level of 'colour'"),
        ("delay == '5'", "'5' isn't a level of 'delay'"),
        ('player.role == "sellr"', "'sellr' isn't a role of any Group"),
    ],
)
def test_a_comparison_with_a_level_or_a_role_that_does_not_exist_is_found(
    expression: str, told: str, tmp_path: Path
):
    for name in ("on a page", "in show_if"):
        folder = tmp_path / name
        page = f"{{% if {expression} %}}\n\nYes.\n\n{{% endif %}}\n" if name == "on a page" else "Trade."
        shown_if = "" if name == "on a page" else f", show_if={expression!r}"
        code = PAIRS.replace('Page("trade", ask="offer")', f'Page("trade", ask="offer"{shown_if})')
        assert any(told in each for each in problems_in(folder, pairs(trade=page, code=code))), name


def test_comparisons_with_levels_and_roles_that_exist_are_accepted(tmp_path: Path):
    condition = "colour in ['red', 'blue'] and condition.delay == 5 and player.role == 'buyer'"
    page = f"{{% if {condition} %}}\n\nYes.\n\n{{% endif %}}\n"
    assert problems_in(tmp_path, pairs(trade=page)) == []


def problems_in(folder: Path, files: dict[str, str | None]) -> list[str]:
    for name, text in files.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    cls = load_experiment(folder, environ={}, home=folder / "home").experiment_class
    return [f"{each.where}: {each.what} {each.fix}" for each in check_study_code(folder, cls)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"hello": "You are the {{ player.role }}."}, "hello.md, line 1: `player.role` has no value here"),
        (
            {"code": PAIRS.replace('Page("hello")', 'Page("hello", role="buyer")')},
            "'hello' is for the role 'buyer', but comes before the Group that gives roles.",
        ),
    ],
)
def test_a_role_before_the_group_that_gives_it_is_found(changes: dict[str, str], told: str, tmp_path: Path):
    assert any(told in each for each in problems_in(tmp_path, pairs(**changes)))


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        ("7", PAIRS, ["num_participants is 7, and Group 'group' has 2 members, so 1 participant would wait"]),
        ("8", PAIRS, []),
        ("7", PAIRS.replace("Group(2,", "Group(2, minimum=2,"), []),
        ("7", PAIRS.replace("Group(2,", "Group(2, only={'delay': 5},"), []),
        (
            "9",
            PAIRS.replace('Page("hello"),', 'Page("hello"), Cohort(6),'),
            ["Cohort 'cohort' has 6 members, so 3 participants would wait in vain and be paid for it."],
        ),
    ],
)
def test_a_number_of_participants_that_groups_do_not_divide_is_found(
    number: str, code: str, told: list[str], shown: Check
):
    found = shown(pairs(code=code, more=f"num_participants = {number}"))
    assert len(found) == len(told)
    assert all(part in each for part, each in zip(told, found, strict=True))


@pytest.mark.parametrize("before", ["", "        Page('trade', ask='offer'),\n"])
def test_a_timeline_that_shows_no_page_for_ever_is_found(before: str, shown: Check):
    loop = "Rounds(10_000, [Page('hello', show_if='offer == 99') for _ in range(6)])"
    code = f"{PAIRS[: PAIRS.index('        Page(')]}{before}        {loop},\n        End(),\n    ]\n"
    assert any("passes elements for ever without showing a page" in each for each in shown(pairs(code=code)))
