"""Names of an app's resources."""

from __future__ import annotations

import pytest

from chalicelib.model.errors import PetriError
from infra.aws.names import API, FUNCTIONS, LONGEST_APP_ID, Names

LONGEST_BUCKET_NAME = 63


@pytest.mark.parametrize("app", ["", "Story", "9lives", "a--b", "a-", "a_b", "a" * 25, "a\n"])
def test_an_id_that_aws_would_refuse_somewhere_is_refused(app: str) -> None:
    with pytest.raises(PetriError, match="small letters"):
        Names(app, "live")


def test_a_stage_that_is_not_there_is_refused() -> None:
    with pytest.raises(PetriError, match="sandbox or live"):
        Names("story", "production")  # type: ignore[arg-type]


def test_the_longest_id_makes_a_bucket_name_that_s3_takes() -> None:
    names = Names("a" * LONGEST_APP_ID, "sandbox")
    assert len(names.keep_bucket("123456789012")) <= LONGEST_BUCKET_NAME


def test_each_function_has_a_name_of_its_own() -> None:
    names = Names("story", "live")
    assert len({names.function(name) for name in FUNCTIONS}) == len(FUNCTIONS)


def test_the_function_that_answers_http_is_named_as_chalice_names_it() -> None:
    assert Names("story", "live").function(API) == "petri-story-live"
