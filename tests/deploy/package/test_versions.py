from __future__ import annotations

import contextlib
import json
import zipfile
from importlib.metadata import version as installed_version

import pytest

from chalicelib.errors import BadRequest
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.export import write_zip
from chalicelib.export.personal_data import manifest_of
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.version import VERSION
from infra.aws.package.staging import stage
from infra.packaging import provenance
from infra.problems import OperatorProblem

from .folders import CODE, NAMES, author_folder, contents, in_zip, staged

TOKEN = "prolific-not-for-anybody-else"
EXTRA = '\n\ndef extra_files():\n    return [("../shared/words.csv", "lists/words.csv")]\n'


def loaded(tmp_path, files=None, **environ):
    folder = author_folder(tmp_path / "double", files)
    with contextlib.chdir(folder):
        return load_experiment(folder, environ=environ, home=tmp_path)


def archived(tmp_path, files=None, **environ):
    found = loaded(tmp_path, files, **environ)
    return provenance.archive(found, provenance.describe(found), tmp_path / "code.zip")


def restaged(folder, tmp_path):
    return stage(folder, NAMES, tmp_path / "again", environ={}, home=tmp_path)


def export(tmp_path, code):
    with contextlib.closing(SQLiteEngine(tmp_path / "run.sqlite")) as engine:
        return write_zip(engine, tmp_path, app_id="run", code=code)


def test_a_version_names_petri_python_and_packages(tmp_path):
    told = provenance.describe(loaded(tmp_path))
    assert (told["petri"], told["dependencies"]["boto3"]) == (VERSION, installed_version("boto3"))


def test_a_version_holds_settings_and_no_secrets(tmp_path):
    told = provenance.describe(loaded(tmp_path, prolific_token=TOKEN, base_payment="2"))
    assert told["config"]["base_payment"] == 2
    assert TOKEN not in json.dumps(told)


@pytest.mark.parametrize("name", ["words.py", "static/stories/owl.md", "new.py"])
def test_another_file_is_another_experiment(tmp_path, name):
    before = provenance.describe(loaded(tmp_path))
    after = provenance.describe(loaded(tmp_path, {name: "TIMES = 3\n"}))
    assert before["experiment"] != after["experiment"]


def test_a_secret_does_not_change_the_hash_of_an_experiment(tmp_path):
    before = provenance.describe(loaded(tmp_path))
    after = provenance.describe(
        loaded(tmp_path, {"config.txt": "[A]\ntitle = Doubling\nprolific_token = x\n", ".env": "B=1"})
    )
    assert before["experiment"] == after["experiment"]


def test_the_order_of_files_does_not_change_a_hash():
    files = [("a", b"1"), ("b", b"2")]
    assert provenance.hash_of(files) == provenance.hash_of(reversed(files))


def test_a_file_at_another_place_changes_a_hash():
    assert provenance.hash_of([("a", b"1")]) != provenance.hash_of([("b", b"1")])


def test_the_same_code_gives_the_same_archive(tmp_path):
    one, other = (archived(tmp_path / place).read_bytes() for place in ("here", "there"))
    assert one == other


def test_an_archive_holds_no_secrets_and_no_data(tmp_path):
    files = {
        "config.txt": f"[A]\n# prolific_token = {TOKEN}\nprolific_token = {TOKEN}\n",
        "requirements.txt": f"git+https://{TOKEN}@example.org/lab.git\n",
        ".env": TOKEN,
        "data/participant.csv": TOKEN,
    }
    assert TOKEN.encode() not in b"".join(in_zip(archived(tmp_path, files)).values())


def test_an_archive_with_a_secret_in_the_code_is_refused(tmp_path):
    with pytest.raises(OperatorProblem, match=r"words\.py contains the value of the secret setting"):
        archived(tmp_path, {"words.py": f"TIMES = 2\nTOKEN = {TOKEN!r}\n"}, prolific_token=TOKEN)


def test_an_export_contains_the_code_that_ran(tmp_path):
    code = archived(tmp_path)
    carried = tmp_path / "carried.zip"
    carried.write_bytes(in_zip(export(tmp_path, code))["code.zip"])
    ran, kept = in_zip(code), in_zip(carried)
    del ran["version.json"], kept["version.json"]
    assert kept == ran


def test_an_unpacked_export_is_deployed_as_the_folder_was(tmp_path):
    before = staged(tmp_path, {"requirements.txt": "itsdangerous\n"})
    code = archived(tmp_path, {"requirements.txt": "itsdangerous\n"})
    after = restaged(provenance.unpack(export(tmp_path, code), tmp_path / "unpacked"), tmp_path)
    assert contents(after.folder) == contents(before.folder)


def test_an_unpacked_folder_has_its_name_again(tmp_path):
    assert provenance.unpack(archived(tmp_path), tmp_path / "unpacked").name == "double"


def test_an_unpacked_folder_is_the_same_experiment(tmp_path):
    before = provenance.describe(loaded(tmp_path))
    folder = provenance.unpack(archived(tmp_path), tmp_path / "unpacked")
    with contextlib.chdir(folder):
        after = provenance.describe(load_experiment(folder, environ={}, home=tmp_path / "nobody"))
    assert after == before


def test_files_from_elsewhere_lie_in_an_unpacked_folder(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "words.csv").write_text("owl")
    folder = provenance.unpack(archived(tmp_path, {"experiment.py": CODE + EXTRA}), tmp_path / "unpacked")
    (tmp_path / "shared" / "words.csv").unlink()
    assert contents(restaged(folder, tmp_path).experiment)["lists/words.csv"] == b"owl"


def test_recorded_package_versions_are_used_again(tmp_path):
    found = loaded(tmp_path)
    told = {**provenance.describe(found), "dependencies": {"boto3": "1.40.1"}}
    folder = provenance.unpack(provenance.archive(found, told, tmp_path / "c.zip"), tmp_path / "unpacked")
    lines = (restaged(folder, tmp_path).folder / "constraints.txt").read_text().splitlines()
    assert "boto3==1.40.1" in lines


def test_another_version_of_petri_is_reported(tmp_path):
    found = loaded(tmp_path)
    told = {**provenance.describe(found), "petri": "0.0.1"}
    folder = provenance.unpack(provenance.archive(found, told, tmp_path / "c.zip"), tmp_path / "unpacked")
    assert f"archived with Petri 0.0.1, and this is {VERSION}" in restaged(folder, tmp_path).notes[0]


def test_the_same_version_of_petri_is_not_reported(tmp_path):
    folder = provenance.unpack(archived(tmp_path), tmp_path / "unpacked")
    assert restaged(folder, tmp_path).notes == ()


def test_an_export_without_code_is_refused(tmp_path):
    with pytest.raises(BadRequest, match="contains no code"):
        provenance.unpack(export(tmp_path, None), tmp_path / "unpacked")


def test_a_file_that_is_not_a_zip_is_refused(tmp_path):
    (tmp_path / "a.zip").write_text("no zip")
    with pytest.raises(BadRequest, match="can't be read as a zip"):
        provenance.unpack(tmp_path / "a.zip", tmp_path / "unpacked")


def test_an_existing_folder_is_not_overwritten(tmp_path):
    code = archived(tmp_path)
    provenance.unpack(code, tmp_path / "unpacked")
    with pytest.raises(BadRequest, match="exists already"):
        provenance.unpack(code, tmp_path / "unpacked")


def test_an_archive_that_leads_out_of_itself_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("version.json", json.dumps({"name": "bad", "config": {}}))
        archive.writestr("experiment/../../../evil.py", "")
    with pytest.raises(BadRequest, match="a path outside of it"):
        provenance.unpack(tmp_path / "bad.zip", tmp_path / "unpacked")
    assert not (tmp_path.parent / "evil.py").exists()


def test_a_staged_folder_describes_itself(tmp_path):
    done = staged(tmp_path)
    told = provenance.version_of(done.experiment)
    assert told is not None
    assert (told["name"], told["experiment"]) == (
        "double",
        provenance.describe(loaded(tmp_path))["experiment"],
    )


def test_a_manifest_keeps_settings_where_readers_look_for_them(tmp_path):
    told = manifest_of(provenance.describe(loaded(tmp_path)))
    assert (told["experiment"], told["settings"]["title"]) == ("double", "Doubling")
    assert told["versions"]["petri"] == VERSION
