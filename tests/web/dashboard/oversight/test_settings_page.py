"""The page Settings: each value with its source, personal ones for those who may see them, secrets never."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from markupsafe import escape

from chalicelib import bootstrap
from chalicelib.access.rights import OPERATOR_ACTOR, ROLES, VIEWER, Actor, Right
from chalicelib.api.operation_table import OPERATIONS
from chalicelib.api.perform import perform_request
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.dashboard.registry import PAGES
from chalicelib.errors import Refused
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS
from chalicelib.operations.management.oversight.settings_of_run import SecretRow, SettingRow
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.shared.settings import Settings
from chalicelib.ports import Provenance
from tests.web.api.requests import request_of
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import OPERATOR_TOKEN, SETTINGS, World

VIEWS = Actor("user:vic", "Vic", ROLES[VIEWER])
SECRET_NAMES = [key.name for key in KNOWN_SETTINGS if key.sensitive]
OWN_SECRETS = ("model_api_key", "lab_password")
HOSTILE = "<b>{{ 7 * 7 }}</b>"


def secret_value(name: str) -> str:
    if name == "sona_credit_url":
        return "https://x.sona-systems.com/services/SonaAPI.svc/WebstudyCredit?experiment_id=1&credit_token=hidden"
    return f"hidden-{name}-{len(name)}"


@pytest.fixture
def here(world: NewWorld, tmp_path: Path) -> World:
    """A run with every secret setting, set in each kind of source, and settings of the lab."""
    made = world()
    config = Configuration()
    for name in OWN_SECRETS:
        config.register(name, str, sensitive=name == OWN_SECRETS[0])
    config.register("stimuli", str)
    (tmp_path / "password.txt").write_text(secret_value("smtp_password"), encoding="utf-8")
    lines = [f"title = {HOSTILE}", "contact_email_on_error = lab@example.org", "stimuli = birds"]
    lines += ["smtp_password = file:password.txt", f"lab_password = {secret_value('lab_password')}"]
    (tmp_path / "config.txt").write_text("[Experiment]\n" + "\n".join(lines), encoding="utf-8")
    (tmp_path / ".petriconfig").write_text(
        f"[Keys]\naws_access_key_id = {secret_value('aws_access_key_id')}\nwhimsical = no\n", encoding="utf-8"
    )
    others = {"smtp_password", "lab_password", "aws_access_key_id", "oidc_client_secrets"}
    environ = {name: secret_value(name) for name in (*SECRET_NAMES, *OWN_SECRETS) if name not in others}
    # Settings without effect aren't read from the environment.
    environ |= {"us_only": "yes"}
    config.load_for(
        tmp_path, {**SETTINGS, "run_seed": 7}, environ=environ, home=tmp_path, defaults={"keywords": "birds"}
    )
    config.set("oidc_client_secrets", f'{{"lab": "{secret_value("oidc_client_secrets")}"}}')
    made.app.config = Settings(config)
    made.app.facts = lambda: Provenance(
        experiment="birds",
        experiment_hash="ab" * 32,
        deployed_at="2026-03-01T12:00:00Z",
        deployed_by="user/ada",
    )
    return made


def test_each_setting_is_listed_with_its_value_and_where_that_comes_from(here: World) -> None:
    found = run_operation(OPERATOR_ACTOR, "", "settings.list")
    rows: dict[str, SettingRow] = {row.name: row for row in found.settings}
    sources = {
        "mode": ("debug", "the command that started the run"),
        "us_only": ("true", "an environment variable"),
        "stimuli": ("birds", "config.txt, line 4"),
        "whimsical": ("false", "~/.petriconfig, line 3"),
        "keywords": ("birds", "config_defaults() in experiment.py"),
        "lifetime": ("24", "the default"),
        "group_name": (None, "the default"),
    }
    assert {name: (rows[name].value, rows[name].source) for name in sources} == sources
    secrets: dict[str, SecretRow] = {row.name: row for row in found.secrets}
    assert secrets["aws_access_key_id"].source == "~/.petriconfig, line 2"
    assert secrets["prolific_token"].is_set


def test_settings_are_found_by_name_description_and_group(here: World) -> None:
    def names(**how: object) -> set[str]:
        found = run_operation(OPERATOR_ACTOR, "", "settings.list", **how)
        return {row.name for row in (*found.settings, *found.secrets)}

    assert names(text="HARD_CAP") == {"hard_cap"}
    assert {"smtp_host", "smtp_password"} < names(text="mail server")
    assert names(group="Your experiment") == {"stimuli", *OWN_SECRETS}
    assert "stimuli" in names(only_set=True)
    assert "lifetime" not in names(only_set=True)
    assert "Nothing" not in DashboardBrowser(here).open("settings", text="no such setting", group="<b>")


def test_values_that_identify_people_are_for_those_who_may_see_personal_data(here: World) -> None:
    allowed = Actor("user:pia", "Pia", frozenset({Right.VIEW, Right.VIEW_PERSONAL_DATA}))
    seen = {}
    for actor in (VIEWS, allowed):
        found = run_operation(actor, "", "settings.list", text="contact_email_on_error")
        facts = run_operation(actor, "", "settings.versions")
        seen[actor.name] = (found.settings[0].value, found.settings[0].is_hidden, facts.deployed_by)
    assert seen == {"Vic": (None, True, None), "Pia": ("lab@example.org", False, "user/ada")}


def test_the_page_shows_versions_sources_and_only_whether_secrets_are_set(here: World) -> None:
    page = DashboardBrowser(here).open("settings")
    assert "user/ada" in page
    assert f'title="{"ab" * 32}"' in page
    assert "config.txt, line 2" in page
    assert "&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt;" in page
    assert "<b>{{" not in page


def test_no_secret_comes_out_of_any_page_or_any_operation_that_reads(here: World) -> None:
    stored = here.engine.get([bootstrap.SECRETS])[bootstrap.SECRETS]
    browser = DashboardBrowser(here)
    cookie = browser.headers["cookie"].partition("=")[2]
    hidden = {name: secret_value(name) for name in (*SECRET_NAMES, *OWN_SECRETS)}
    hidden |= {"signing": stored["secret"], "operator": stored["operator_token"], "cookie": cookie}
    for ignored in ("database_url", "heroku_auth_token"):
        here.app.config._config.set(ignored, hidden[ignored])  # type: ignore[attr-defined]  # as a command does
    assert hidden.keys() >= {"prolific_token", "aws_secret_access_key", "database_url", "dashboard_password"}
    here.arrive().finish()
    shown = {
        page.name: here.get(f"/dashboard/{page.name}", headers=browser.headers).raw.decode() for page in PAGES
    }
    for operation in OPERATIONS:
        if operation.changes:
            continue
        try:
            answer = here.app.run(
                perform_request, "GET", operation.shape, request_of(operation, "1"), caller=OPERATOR_CALLER
            )
            shown[operation.name] = str(answer)
        except Refused as refused:
            shown[operation.name] = str(refused)
    assert "is_set" in shown["settings.list"]
    assert "is set" in shown["settings"]
    leaks = {
        (where, name) for where, text in shown.items() for name, value in hidden.items() if value in text
    }
    assert leaks == set()
    assert OPERATOR_TOKEN not in str(shown)


def test_each_setting_leads_to_its_documentation(here: World) -> None:
    browser = DashboardBrowser(here)
    page = browser.open("settings")
    states = here.app.config.states()  # type: ignore[attr-defined]
    for state in states:
        name = state.setting.name
        assert f'<a href="/dashboard/settings/{name}">' in page, name
        documented = browser.open(f"settings/{name}")
        assert escape(state.setting.meaning) in documented, name
        assert f"<code>{name} = " in documented, name
        for value in map(secret_value, (*SECRET_NAMES, *OWN_SECRETS)):
            assert value not in documented, name


def test_the_documentation_of_a_setting_says_how_it_is_set_and_what_it_is_now(here: World) -> None:
    browser = DashboardBrowser(here)
    page = browser.open("settings/whimsical")
    for shown in ("true or false", "~/.petriconfig, line 3", "<code>whimsical = "):
        assert shown in page, shown
    assert "it is secret" in browser.open("settings/smtp_password")
    assert "&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt;" in browser.open("settings/title")
    for path in ("nothing", quote("<b>x</b>", safe=""), "title/more"):
        said = here.get(f"/dashboard/settings/{path}", headers=browser.headers)
        assert (said.status, "<b>" in said.raw.decode()) == (404, False), path


def test_the_documentation_of_a_setting_has_no_value_over_the_api(here: World) -> None:
    found = here.get("/api/v1/settings/contact_email_on_error", token=OPERATOR_TOKEN)
    assert "lab@example.org" not in found.raw.decode()
    assert (found["is_personal"], found["is_set"]) == (True, True)
    assert here.get("/api/v1/settings/versions", token=OPERATOR_TOKEN)["experiment"] == "birds"
