from __future__ import annotations

import json
import shutil
import stat

import pytest

from chalicelib.dashboard.rendering import FILES_VARIABLE
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.operations.management.oversight.settings_of_run import place_of
from chalicelib.version import MARK
from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.package.staging import MOMENT, stage
from infra.aws.resources.site_upload import files_of
from infra.packaging.settings_file import write_settings
from infra.problems import OperatorProblem
from infra.site.dashboard_files import FOLDER, hash_of_files

from .folders import CODE, NAMES, author_folder, contents, staged

AUTHORS = "vendor/petri_experiment"
TOKEN = "ghp-not-for-anybody-else"
DEPLOYED_VARIABLE = "an environment variable, when it was deployed"


def settings_of(done, **kinds):
    config = Configuration()
    for name, kind in kinds.items():
        config.register(name, kind)
    config.load_for(done.experiment, environ={}, home=done.folder)
    return config


def test_the_authors_code_and_what_it_reads_go_along(tmp_path):
    found = contents(staged(tmp_path).experiment)
    own = {"experiment.py", "words.py", "README.md", "static/stories/owl.md"}
    assert set(found) == own | {"config.txt", MARK}


def test_the_installed_petri_is_included(tmp_path):
    found = contents(staged(tmp_path).folder)
    assert {"app.py", "chalicelib/bootstrap.py", "vendor/petri/__init__.py", "requirements.txt"} <= set(found)


def test_pages_go_to_the_site_and_not_along(tmp_path):
    done = staged(tmp_path)
    assert (done.site / "exp.html").is_file()
    pages = [place for place in contents(done.folder) if place.endswith(".html")]
    assert {place.rpartition("/")[0] for place in pages} == {"chalicelib/dashboard/templates"}


def test_pages_know_their_stage(tmp_path):
    assert "Doubling sandbox" in (staged(tmp_path).site / "exp.html").read_text()


def test_compiled_and_cached_files_are_left_out(tmp_path):
    files = {"__pycache__/words.cpython-311.pyc": "old", ".cache/a": "b", "node_modules/x/y.js": "z"}
    places = contents(staged(tmp_path, files).folder).keys() - {f"{AUTHORS}/{MARK}"}
    assert not [
        p for p in places if "__pycache__" in p or p.startswith(f"{AUTHORS}/.") or "node_modules" in p
    ]


def test_files_that_runs_wrote_are_left_out(tmp_path):
    files = {"runs/a.sqlite": "who", "data/a-data.zip": "who", "a.sqlite": "who", "old-data.zip": "who"}
    assert b"who" not in b"".join(contents(staged(tmp_path, files).experiment).values())


def test_pictures_that_code_reads_go_along_when_they_are_named(tmp_path):
    files = {
        "config.txt": "[Experiment]\nlambda_files = static/images/*.png, data/*.csv\n",
        "data/a.csv": "1",
    }
    found = contents(staged(tmp_path, files).experiment)
    assert {"static/images/owl.png", "data/a.csv"} <= set(found)


def test_naming_a_key_does_not_send_it_along(tmp_path):
    files = {"config.txt": "[Experiment]\nlambda_files = *.key\n", "my.key": "k"}
    assert "my.key" not in contents(staged(tmp_path, files).experiment)


def test_files_from_elsewhere_lie_where_the_code_expects_them(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "words.csv").write_text("owl")
    (tmp_path / "shared" / "owl.png").write_text("picture")
    more = '\ndef extra_files():\n    return [("../shared/words.csv", "lists/words.csv"), '
    more += '("../shared/owl.png", "static/images/big.png")]\n'
    done = staged(tmp_path, {"words.py": "TIMES = 2\n", "experiment.py": CODE + more})
    found = contents(done.experiment)
    assert found["lists/words.csv"] == b"owl"
    assert "static/images/big.png" not in found
    assert (done.site / "static/images/big.png").read_text() == "picture"


def test_the_same_folder_gives_the_same_bytes_anywhere(tmp_path):
    one, other = (staged(tmp_path / place) for place in ("here", "there"))
    assert contents(one.folder.parent) == contents(other.folder.parent)


def test_packed_files_have_no_time_and_no_permissions_of_this_machine(tmp_path):
    paths = [path for path in staged(tmp_path).folder.rglob("*") if path.is_file()]
    assert {(path.stat().st_mtime, stat.S_IMODE(path.stat().st_mode)) for path in paths} == {(MOMENT, 0o644)}


def test_settings_of_this_machine_are_settings_of_the_deployment(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".petriconfig").write_text("[Mail]\ncontact_email_on_error = lab@example.org\n")
    done = staged(tmp_path, environ={"base_payment": "0.75"})
    config = settings_of(done)
    assert (config.get("contact_email_on_error"), config.get("base_payment")) == ("lab@example.org", 0.75)


@pytest.mark.parametrize(
    "note", ["two\nlines\n\n# no comment", "  spaces  ", "file:elsewhere", "50 % ; [x]", "é"]
)
def test_settings_are_read_back_as_they_were(tmp_path, note):
    done = staged(tmp_path)
    write_settings({"note": note, "auto_recruit": False, "lifetime": 3}, done.experiment)
    config = settings_of(done, note=str)
    assert (config.get("note"), config.get("auto_recruit"), config.get("lifetime")) == (note, False, 3)


def test_the_mode_is_not_included_in_the_settings(tmp_path):
    files = {"config.txt": "[Experiment]\nmode = debug\nport = 5001\nlogfile = here.log\n"}
    assert staged(tmp_path, files).settings.keys().isdisjoint({"mode", "port", "logfile"})


def test_each_stage_has_its_own_environment(tmp_path):
    config = json.loads((staged(tmp_path).folder / ".chalice/config.json").read_text())
    tables = {stage: told["environment_variables"]["PETRI_TABLE"] for stage, told in config["stages"].items()}
    assert tables == {"sandbox": Names("study", "sandbox").table, "live": Names("study", "live").table}


def test_the_functions_know_the_folder_of_the_dashboards_files(tmp_path):
    done = staged(tmp_path)
    config = json.loads((done.folder / ".chalice/config.json").read_text())
    folder = f"{FOLDER}/{config['stages'][NAMES.stage]['environment_variables'][FILES_VARIABLE]}/"
    # The files that pages need are uploaded first, and never change.
    files = {file.key for file in files_of(done.site) if not file.is_page}
    assert {f"{folder}{name}" for name in ("css/dashboard.css", "vendor/htmx/htmx.min.js")} <= files


def test_a_changed_file_of_the_dashboard_has_another_address(tmp_path):
    (tmp_path / "style.css").write_text("a {}")
    before = hash_of_files(tmp_path)
    (tmp_path / "style.css").write_text("b {}")
    assert hash_of_files(tmp_path) != before


def test_each_function_has_its_own_policy(tmp_path):
    done = staged(tmp_path)
    config = json.loads((done.folder / ".chalice/config.json").read_text())
    files = [told["iam_policy_file"] for told in config["stages"]["live"]["lambda_functions"].values()]
    assert len(set(files)) == len(FUNCTIONS)
    assert all((done.folder / ".chalice" / file).is_file() for file in files)


def test_chalices_record_is_kept_when_the_folder_is_staged_again(tmp_path):
    done = staged(tmp_path)
    (done.folder / ".chalice/deployed").mkdir()
    (done.folder / ".chalice/deployed/sandbox.json").write_text("{}")
    again = staged(tmp_path)
    assert (again.folder / ".chalice/deployed/sandbox.json").read_text() == "{}"


def test_a_file_deleted_from_the_experiment_is_deleted_from_the_build(tmp_path):
    staged(tmp_path, {"old.py": "A = 1\n"})
    (tmp_path / "double" / "old.py").unlink()
    assert "old.py" not in contents(staged(tmp_path).experiment)


def test_a_folder_that_petri_did_not_make_is_left_alone(tmp_path):
    (tmp_path / "out" / "app").mkdir(parents=True)
    with pytest.raises(OperatorProblem, match="wasn't made by Petri"):
        staged(tmp_path)


def test_an_experiment_is_not_staged_over_itself(tmp_path):
    folder = author_folder(tmp_path / "double")
    with pytest.raises(OperatorProblem, match="holds the experiment itself"):
        stage(folder, NAMES, tmp_path, environ={}, home=tmp_path)


def test_a_named_class_is_named_to_the_functions_too(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPERIMENT_CLASS_NAME", "Study")
    config = json.loads((staged(tmp_path).folder / ".chalice/config.json").read_text())
    assert config["stages"]["live"]["environment_variables"]["EXPERIMENT_CLASS_NAME"] == "Study"


# pages


def test_pages_ask_for_files_by_a_name_that_changes_with_them(tmp_path):
    before = (staged(tmp_path).site / "exp.html").read_text()
    after = (staged(tmp_path, {"static/images/owl.png": "another"}).site / "exp.html").read_text()
    assert before != after


def test_files_are_there_under_both_names(tmp_path):
    site = staged(tmp_path).site
    owls = [path.read_bytes() for path in (site / "static/images").glob("owl*.png")]
    assert owls == ["\x89not really an owl".encode()] * 2


def test_modules_keep_the_name_by_which_others_import_them(tmp_path):
    script = '<script type="module" src="/static/scripts/petri.js"></script>'
    page = f'{{% extends "layout.html" %}}{{% block body %}}{script}{{% endblock %}}'
    site = staged(tmp_path, {"templates/exp.html": page}).site
    assert script in (site / "exp.html").read_text()


def test_addresses_of_missing_files_are_unchanged(tmp_path):
    page = '{% extends "layout.html" %}{% block body %}<img src="/static/no.png" alt="">{% endblock %}'
    assert "/static/no.png" in (staged(tmp_path, {"templates/exp.html": page}).site / "exp.html").read_text()


# secrets


def test_a_secret_in_a_file_is_refused_by_the_settings_name(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".petriconfig").write_text(f"[A]\nprolific_token = {TOKEN}\n")
    with pytest.raises(
        OperatorProblem, match=r"words\.py contains the value of the secret setting prolific_token"
    ) as told:
        staged(tmp_path, {"words.py": f"TIMES = 2\nTOKEN = {TOKEN!r}\n"})
    assert TOKEN not in str(told.value)


def test_secret_settings_are_handed_on_beside_the_folder(tmp_path):
    done = staged(tmp_path, environ={"prolific_token": TOKEN})
    assert done.secrets["prolific_token"] == TOKEN


def test_a_deployed_app_knows_where_its_settings_came_from_and_no_secret(tmp_path):
    environ = {"prolific_token": TOKEN, "lifetime": "7", "osf_access_token": "for-this-machine"}
    done = staged(tmp_path, {"config.txt": "[Experiment]\n\ntitle = Doubling\n"}, environ=environ)
    config = Configuration()
    config.load_for(done.experiment, {"mode": "sandbox"}, environ={}, home=done.folder)
    config.extend_lazily(lambda name: pytest.fail(f"{name} was read"), dict)
    found = {each.setting.name: each for each in config.states() if each.is_set}
    sources = {"title": "config.txt, line 3", "mode": "petri deploy", "prolific_token": DEPLOYED_VARIABLE}
    assert {name: place_of(found[name].origin) for name in sources} == sources
    assert place_of(found["lifetime"].origin) == DEPLOYED_VARIABLE
    assert (found["lifetime"].value, found["prolific_token"].value) == (7, None)
    assert "osf_access_token" not in found
    assert TOKEN not in (done.experiment / MARK).read_text()


def test_secrets_of_the_operator_alone_are_not_handed_on(tmp_path):
    assert "osf_access_token" not in staged(tmp_path, environ={"osf_access_token": TOKEN}).secrets


def test_an_unsupported_registry_is_refused(tmp_path):
    with pytest.raises(OperatorProblem, match="no global experiment registry"):
        staged(tmp_path, environ={"enable_global_experiment_registry": "yes"})


def test_staged_files_contain_no_secrets(tmp_path):
    assert TOKEN not in repr(staged(tmp_path, environ={"prolific_token": TOKEN}))


def test_links_are_followed_and_replaced_by_files(tmp_path):
    folder = author_folder(tmp_path / "double")
    shutil.copyfile(folder / "words.py", tmp_path / "elsewhere.py")
    (folder / "words.py").unlink()
    (folder / "words.py").symlink_to(tmp_path / "elsewhere.py")
    done = stage(folder, NAMES, tmp_path / "out", environ={}, home=tmp_path)
    assert not (done.experiment / "words.py").is_symlink()
