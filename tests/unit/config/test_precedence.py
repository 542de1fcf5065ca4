from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.experiment.config.configuration import Configuration

SOURCES = ("runtime", "environment", "config.txt", ".petriconfig", ".dallingerconfig", "defaults")


def load_title_from(sources: dict[str, str], tmp_path: Path) -> str:
    """Load the title from those sources alone and return it."""
    for name in ("config.txt", ".petriconfig", ".dallingerconfig"):
        text = f"[A]\ntitle = {sources[name]}\n" if name in sources else ""
        (tmp_path / name).write_text(text, encoding="utf-8")
    config = Configuration()
    config.load_for(
        tmp_path,
        {"title": sources["runtime"]} if "runtime" in sources else {},
        environ={"title": sources["environment"]} if "environment" in sources else {},
        home=tmp_path,
        defaults={"title": sources["defaults"]} if "defaults" in sources else {},
    )
    return config.get("title")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.sampled_from(SOURCES), min_size=1))
def test_the_first_source_with_a_value_wins(tmp_path: Path, present: set[str]) -> None:
    first = next(name for name in SOURCES if name in present)
    assert load_title_from({name: f"from {name}" for name in present}, tmp_path) == f"from {first}"


def test_without_any_source_the_built_in_default_is_used(tmp_path: Path) -> None:
    assert load_title_from({}, tmp_path) == "Experiment"


def test_each_source_counts_more_than_the_next(tmp_path: Path) -> None:
    winners = [load_title_from({a: "first", b: "second"}, tmp_path) for a, b in pairwise(SOURCES)]
    assert winners == ["first"] * 5


def test_a_value_set_later_overrides_the_runs_values(load) -> None:
    config = load(runtime={"title": "given"})
    config.set("title", "set")
    assert config.get("title") == "set"


def test_a_value_set_before_loading_is_kept(config, load) -> None:
    config.set("title", "set")
    assert load("title = from the file").get("title") == "set"


def test_the_runs_values_override_values_set_before(config, load) -> None:
    config.set("title", "set")
    assert load(runtime={"title": "given"}).get("title") == "given"


def test_only_variables_named_exactly_like_a_setting_count(load) -> None:
    assert load(environ={"TITLE": "shouted", "Title": "proud"}).get("title") == "Experiment"


def test_variables_that_are_not_settings_are_ignored(load) -> None:
    assert load(environ={"PATH": "/bin", "tilte": "x"}).ready


def test_a_synonym_in_one_source_counts_more_than_the_name_in_a_later_one(load) -> None:
    config = load("mturk_qualification_blocklist = b", environ={"qualification_blacklist": "a"})
    assert config.get("mturk_qualification_blocklist") == "a"


def test_a_built_in_default_counts_more_than_the_askers(load) -> None:
    assert load().get("lifetime", 5) == 24
