"""Simulations of a small study, as it is and with faults."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chalicelib.errors import BadRequest, ExperimentError, NotFound
from infra.preflight import Pace, PreflightOptions

pytestmark = pytest.mark.slow

LOOPS = """
import time
from petri import HighPerformanceBotBase

class Bot(HighPerformanceBotBase):
    def participate(self):
        while True:
            time.sleep(1)
            {what}
"""
RAISES = """
from petri import HighPerformanceBotBase

class Bot(HighPerformanceBotBase):
    def participate(self):
        raise KeyError("colour")
"""
BROWSER = """
from petri import BotBase

class Bot(BotBase):
    def participate(self):
        self.click("id", "go")
"""
LATE_FAULT = """
    def info_post_request(self, node, info):
        if node.participant_id > 1:
            raise ZeroDivisionError("no colours left")
"""


def experiment(more: str = "", **changes: str) -> str:
    from tests.unit.preflight.conftest import EXPERIMENT

    text = EXPERIMENT
    for before, after in changes.items():
        text = text.replace(before, after)
    return text + more


def warned(report) -> str:
    return "\n".join(report.warnings)


DIARY = """
from petri.study import End, Form, Session, Study, days, number

class Diary(Study):
    num_participants = 2
    mood = number("How are you?", minimum=0, maximum=10)
    timeline = [
        Form("start", ask="mood"),
        Session("tomorrow", after=days(1), open_for=days(1), pay=2),
        Form("diary", ask="mood"),
        End(),
    ]

    def session_bonus(self, player, session):
        return 0.25
"""


# As it is


def test_every_recruited_participant_arrives(tried):
    report = tried()
    assert (report.tried, report.networks_filled, report.statuses) == (3, 1, {"approved": 3})


def test_a_good_study_has_no_warnings(tried):
    assert tried().warnings == []


def test_base_pay_and_bonuses_are_added_up(tried):
    money = tried().money
    assert (money.base, money.bonuses, money.expected) == (Decimal(3), Decimal("0.75"), Decimal("3.75"))


def test_the_maximum_is_the_cost_if_every_participant_gets_the_largest_bonus(tried):
    assert tried().money.at_most == Decimal("4.50")


def test_the_pay_of_later_sessions_is_added_up_with_its_bonuses_and_fees(tried):
    options = PreflightOptions(doors=None, settings={"recruiter": "mturk"})
    report = tried(2, options, experiment=DIARY, bots="")
    money = report.money
    assert (report.statuses, money.base, money.sessions) == ({"approved": 2}, Decimal(2), Decimal("4.50"))
    assert (money.fees, money.sessions_at_most) == (Decimal("1.30"), Decimal(5))
    assert money.expected == Decimal("7.80")
    assert any("Later sessions" in line and "$4.50" in line for line in report.lines())
    assert report.hourly.median > 5


def test_without_max_bonus_there_is_no_maximum(tried):
    report = tried(config="[Experiment]\nbase_payment = 1.00\n")
    assert report.money.at_most is None


def test_mechanical_turk_takes_a_fifth(tried):
    money = tried(options=PreflightOptions(doors=None, settings={"recruiter": "mturk"})).money
    assert money.fees == Decimal("0.20") * 3 + Decimal("0.05") * 3


def test_mechanical_turk_takes_two_fifths_where_ten_places_open_at_once(tried):
    many = experiment().replace("repeats = 1", "repeats = 10\n        self.initial_recruitment_size = 10")
    money = tried(10, PreflightOptions(doors=None, settings={"recruiter": "mturk"}), experiment=many).money
    assert money.fees == (money.base + money.bonuses) * Decimal("0.4")


def test_prolific_takes_its_percentage_and_the_tax_on_it(tried):
    settings = {"recruiter": "prolific", "prolific_fee_percent": 30, "prolific_vat_percent": 20}
    assert (
        tried(options=PreflightOptions(doors=None, settings=settings)).money.fees
        == Decimal("0.36") * 3 + Decimal("0.09") * 3
    )


def test_a_vendor_reports_and_so_more_is_asked_of_aws(tried):
    alone = tried().counts["lambda_invocations"]
    reported = tried(options=PreflightOptions(doors=None, settings={"recruiter": "mturk"}))
    assert reported.counts["sns_messages"] == 6
    assert reported.counts["lambda_invocations"] > alone


def test_the_same_seed_gives_the_same_counts(tried):
    assert tried().as_json()["counts"] == tried().as_json()["counts"]


def test_another_seed_gives_other_people(tried):
    assert tried().times != tried(options=PreflightOptions(seed=2, doors=None)).times


def test_time_is_what_people_take(tried):
    pace = Pace(arrival=0, instructions=60, questionnaire=30, answer=30, words_typed=1e9, spread=0)
    times = tried(options=PreflightOptions(pace=pace, doors=None)).times
    assert times.median == pytest.approx(2.0, abs=0.1)


def test_pay_below_the_floor_is_warned_about(tried):
    report = tried(config="[Experiment]\nbase_payment = 0.01\nmax_bonus = 1\nmin_hourly_pay = 30\n")
    assert "3 of 3 participants earn less than min_hourly_pay, $30.00 per hour" in warned(report)


def test_a_hard_cap_below_what_is_expected_is_warned_about(tried):
    from tests.unit.preflight.conftest import CONFIG

    report = tried(config=CONFIG + "hard_cap = 2.00\n")
    assert report.tried == 3
    assert "hard_cap: $2.00 is below the expected $3.75, so recruitment would stop" in warned(report)


def test_a_soft_cap_that_holds_is_reported(tried):
    from tests.unit.preflight.conftest import CONFIG

    assert tried(config=CONFIG + "soft_cap = 50\n").caps == {"soft_cap": "$50.00 covers the maximum amount"}


# How many


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 is not a valid number of participants"), (-3, "-3"), (10**9, "1,000,000,000")]
)
def test_a_number_out_of_range_is_refused(tried, number, said):
    with pytest.raises(BadRequest, match=said):
        tried(number)


def test_fewer_than_are_recruited_leave_places_free(tried):
    report = tried(2)
    assert [(one.free, one.why) for one in report.unfilled] == [
        (1, "only 2 participants were simulated, and more would be recruited")
    ]


def test_a_number_above_what_is_recruited_is_reported(tried):
    report = tried(50)
    assert (report.tried, report.extrapolated) == (3, "The experiment recruits 3 participants, not 50.")


def test_a_large_run_is_extrapolated_from_the_simulated_participants(tried, monkeypatch):
    monkeypatch.setattr("infra.preflight.report_builder.MOST_TRIED", 4)
    large = experiment().replace("repeats = 1", "repeats = 1").replace("max_size=3", "max_size=12")
    report = tried(experiment=large)
    assert (report.participants, report.tried, report.money.base) == (12, 4, Decimal("12.00"))
    assert "multiplied by 3.00" in report.extrapolated


def test_endless_recruitment_is_reported(tried, monkeypatch):
    monkeypatch.setattr("infra.preflight.report_builder.MOST_TRIED", 4)
    endless = experiment().replace("max_size=3", "")
    report = tried(experiment=endless.replace("Chain()", "Chain(max_size=1_000_000)"))
    assert "its networks are unlimited" in report.extrapolated


def test_without_auto_recruit_the_operator_says_how_many(tried):
    from tests.unit.preflight.conftest import CONFIG

    off = CONFIG + "auto_recruit = false\n"
    with pytest.raises(BadRequest, match="auto_recruit is off"):
        tried(config=off)
    assert tried(3, config=off).statuses == {"approved": 3}


def test_an_experiment_without_networks_is_warned_about(tried):
    report = tried(2, experiment=experiment().replace("repeats = 1", "repeats = 0"))
    assert "no network is created at the launch" in warned(report)


# Bots that fail, leave, never end


def test_a_bot_that_never_ends_is_stopped_and_reported(tried):
    report = tried(1, bots=LOOPS.format(what=""))
    assert "1 of 1 bots never finished" in warned(report)


def test_a_bot_that_asks_without_end_is_ended(tried, monkeypatch):
    monkeypatch.setattr("infra.simulate.clients.MOST_REQUESTS", 50)
    report = tried(1, bots=LOOPS.format(what="self.get(f'/participant/{self.participant_id}')"))
    assert "more than 50 requests" in warned(report)


def test_bots_that_raise_are_reported_once_and_no_more_are_started(tried):
    report = tried(bots=RAISES)
    assert report.tried == 10
    assert "10 of 10 bots failed: Bot stopped at KeyError: 'colour' (10 times)" in warned(report)


def test_a_hook_that_raises_is_reported_with_its_place(tried):
    report = tried(2, experiment=experiment(LATE_FAULT))
    assert "ZeroDivisionError: no colours left" in warned(report)
    assert "The experiment's code failed: experiment.py, line 17: ZeroDivisionError" in warned(report)


def test_people_who_leave_are_replaced(tried):
    report = tried(options=PreflightOptions(pace=Pace(dropouts=0.4), seed=3, doors=None))
    assert report.left > 0
    assert report.statuses == {"abandoned": report.left, "approved": 3}


def test_a_study_without_bots_says_what_to_write(tried):
    with pytest.raises(ExperimentError, match="has no bot; add a class Bot"):
        tried(bots="", experiment=experiment().replace("from .bots import Bot\n", ""))


def test_a_bot_that_drives_a_browser_is_refused(tried):
    with pytest.raises(ExperimentError, match="uses a browser, which can't be simulated"):
        tried(bots=BROWSER)


def test_an_unknown_bot_is_named(tried):
    with pytest.raises(NotFound, match="Ghost"):
        tried(options=PreflightOptions(bot="Ghost", doors=None))


# A folder that can't run


def test_all_problems_of_a_folder_are_reported(tried):
    with pytest.raises(ExperimentError, match=r"experiment\.py"):
        tried(experiment="def broken(:\n")


def test_a_setup_that_raises_is_reported(tried):
    broken = experiment("\n    def setup(self):\n        raise RuntimeError('no stories')\n")
    with pytest.raises(ExperimentError, match="no stories"):
        tried(experiment=broken)


def test_nothing_of_a_trial_stays_in_the_folder(study, tried):
    tried(1)
    folder = study()
    assert not [path for path in folder.rglob("*") if path.suffix in {".db", ".zip"} or path.name == "runs"]


def test_settings_that_prolific_would_reject_are_reported(tried):
    report = tried(options=PreflightOptions(doors=None, settings={"recruiter": "prolific"}))
    assert "Prolific: prolific_token is missing" in warned(report)


def test_recruitment_that_closes_while_people_are_on_their_way_is_reported(tried):
    closes = """
    initial_recruitment_size = 9

    def create_network(self):
        return Empty(max_size=9)

    def recruit(self):
        self.recruiter.close_recruitment()
"""
    report = tried(experiment=experiment(closes).replace("import Chain", "import Chain, Empty"))
    assert report.tried < 9
    assert f"recruitment was closed while {9 - report.tried} were still expected" in warned(report)
