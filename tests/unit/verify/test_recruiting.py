from __future__ import annotations

import pytest

from chalicelib.errors import ExperimentError
from infra.preflight import PreflightOptions, preflight
from tests.unit.verify.conftest import GOOD


@pytest.mark.parametrize(
    "settings", ["recruiter = mturck", "recruiter = multi\nrecruiters = bots: 1, mturck: 2"]
)
def test_an_unknown_recruiter_is_reported(check, settings):
    (found,) = check({"config.txt": GOOD["config.txt"] + settings + "\n"})
    assert (found.level, found.what) == ("error", "'mturck' is not a known recruiter.")


@pytest.mark.parametrize("name", ["hotair", "cli", "bots", "link", "mturk", "prolific"])
def test_every_recruiter_of_petri_is_known(check, name):
    assert check({"config.txt": GOOD["config.txt"] + f"recruiter = {name}\n"}) == []


def test_a_preflight_with_an_unknown_recruiter_is_refused(check, folder):
    check()
    with pytest.raises(ExperimentError, match="'mturck' is not a known recruiter"):
        preflight(folder, 1, PreflightOptions(settings={"recruiter": "mturck"}, doors=None))
