"""Names of an app's resources."""

from __future__ import annotations

import boto3
import pytest

from chalicelib.errors import PetriError
from infra.aws.account.names import API, FUNCTIONS, LONGEST_APP_ID, Names, region_code

LONGEST_BUCKET_NAME = 63
LONGEST_ROLE_NAME = 64
REGIONS = boto3.Session().get_available_regions("s3")


@pytest.mark.parametrize("app", ["", "Story", "9lives", "a--b", "a-", "a_b", "a" * 25, "a\n"])
def test_an_id_that_aws_would_refuse_somewhere_is_refused(app: str) -> None:
    with pytest.raises(PetriError, match="lowercase letters"):
        Names(app, "live")


def test_a_stage_that_is_not_there_is_refused() -> None:
    with pytest.raises(PetriError, match="sandbox or live"):
        Names("story", "production")  # type: ignore[arg-type]


def test_the_longest_id_makes_a_bucket_name_that_s3_takes() -> None:
    for region in REGIONS:
        names = Names("a" * LONGEST_APP_ID, "sandbox", region)
        for bucket in (names.keep_bucket, names.files_bucket):
            assert len(bucket("123456789012")) <= LONGEST_BUCKET_NAME


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_longest_id_makes_role_names_that_iam_takes(function: str) -> None:
    for region in REGIONS:
        assert len(Names("a" * LONGEST_APP_ID, "sandbox", region).role(function)) <= LONGEST_ROLE_NAME


def test_no_two_regions_share_a_code() -> None:
    assert len({region_code(region) for region in REGIONS}) == len(REGIONS)


def test_a_regions_code_is_short_and_readable() -> None:
    assert (region_code("eu-central-1"), region_code("ap-southeast-2")) == ("euc1", "apse2")


@pytest.mark.parametrize("app", ["story", "a"])
def test_no_global_name_is_the_same_in_two_regions(app: str) -> None:
    here, there = (_global_names(Names(app, "live", region)) for region in ("us-east-1", "eu-central-1"))
    assert not here & there


def _global_names(names: Names) -> set[str]:
    buckets = {names.site_bucket("1"), names.keep_bucket("1")}
    return buckets | {names.budget, names.front_part("pages")} | set(map(names.role, FUNCTIONS))


def test_each_function_has_a_name_of_its_own() -> None:
    names = Names("story", "live")
    assert len({names.function(name) for name in FUNCTIONS}) == len(FUNCTIONS)


def test_the_function_that_answers_http_is_named_as_chalice_names_it() -> None:
    assert Names("story", "live").function(API) == "petri-story-live"
