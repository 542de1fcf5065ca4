"""Text files of an author that aren't UTF-8 are named, with their line, their encoding and what to do."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from chalicelib.errors import ConfigError, ExperimentError, PetriError
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.experiment.text_files import NotUTF8Error, read_text
from infra.local.logs import _shortened
from infra.packaging.requirements import wanted_by
from infra.packaging.staged_files import kept_files
from infra.site import SiteError, SiteSource, build
from infra.verify import verify
from petri.data import DataError, Table

ROOT = Path(__file__).parents[3]
EXPERIMENT = """
from pathlib import Path

from petri import Empty, Experiment


class Study(Experiment):
    experiment_repeats = 1

    def create_network(self):
        for story in Path("static").glob("*.csv"):
            story.read_text(encoding="utf-8")
        return Empty(max_size=3)
"""
LATIN, WIDE, BINARY = "Windows-1252 or Latin-1", "UTF-16", "binary data"
#: What editors and shells write instead of UTF-8.
WRITTEN = {
    "powershell": ("utf-16", WIDE),
    "utf-16-le without a mark": ("utf-16-le", WIDE),
    "utf-16-be without a mark": ("utf-16-be", WIDE),
    "windows": ("cp1252", LATIN),
    "utf-32": ("utf-32", "UTF-32"),
}
#: The modules that read texts which Petri itself wrote or ships; whatever else is read is an author's.
READS_ITS_OWN = {
    "infra/aws/package/chalice_config.py",
    "infra/aws/package/unread_files.py",
    "chalicelib/operations/live_sessions/joining_players.py",
    "chalicelib/experiment/config/setting_origin.py",
    "infra/aws/account/local_registry.py",
    "infra/aws/lifecycle/deployment.py",
    "infra/aws/package/fingerprints.py",
    "infra/aws/lifecycle/required_rights.py",
    "infra/aws/package/package_build.py",
    "infra/packaging/pins.py",
    "infra/aws/package/prune.py",
    "infra/aws/resources/chalice_record.py",
    "infra/packaging/dependency_resolution.py",
    "infra/aws/resources/app_secrets.py",
    "infra/aws/resources/stack_templates.py",
    "infra/packaging/provenance.py",
    "infra/cli/commands/write/setup.py",
    "infra/emulator/",
    "infra/local/lifecycle/identity.py",
    "infra/local/lifecycle/origin.py",
    "infra/local/lifecycle/run_outcome.py",
    "infra/local/lifecycle/run_paths.py",
    "infra/local/debugging/page_tools.py",
    "infra/local/start_page.py",
    "infra/simulated_data/dataset.py",
    # A sheet of grades, and files in which names of libraries are looked for, whatever their encoding.
    "infra/operator/grade_sheets.py",
    # The journal of a change, and what Sphinx's process has written.
    "infra/folder_change.py",
    "infra/books/sphinx_project.py",
    "infra/site/libraries.py",
    "infra/simulate/costs.py",
    "infra/scaffold/__init__.py",
    "chalicelib/export/archive.py",
    "chalicelib/study/pages/library.py",
    "chalicelib/study/translation.py",
    "chalicelib/export/export_reader.py",
    "petri/data.py",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    study = tmp_path / "study"
    (study / "templates").mkdir(parents=True)
    (study / "static").mkdir()
    (study / "experiment.py").write_text(EXPERIMENT, encoding="utf-8")
    (study / "config.txt").write_text("[Experiment]\nbase_payment = 0\n", encoding="utf-8")
    (study / "README.md").write_text("A study.\n", encoding="utf-8")
    (study / "templates" / "exp.html").write_text("<p>Read.</p>\n", encoding="utf-8")
    return study


def said(folder: Path) -> str:
    return "\n".join(map(str, verify(folder, environ={}, home=folder / "nobody", core_routes=[])))


@pytest.mark.parametrize(("codec", "name"), WRITTEN.values(), ids=WRITTEN)
def test_the_encoding_is_recognised_and_the_file_named(tmp_path: Path, codec: str, name: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text("café = naïve\n", encoding=codec)
    with pytest.raises(NotUTF8Error) as refused:
        read_text(path)
    assert f"{path}, line 1: " in str(refused.value)
    assert name in str(refused.value)
    assert "save it as UTF-8" in str(refused.value)


def test_the_line_is_that_of_the_first_strange_letter(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"one\ntwo\ncaf\xe9\n")
    with pytest.raises(NotUTF8Error, match=r"words\.txt, line 3: "):
        read_text(path)


def test_a_byte_order_mark_and_windows_line_ends_are_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffé\r\nb\r".encode())
    assert read_text(path) == "é\nb\n"


def test_a_file_that_is_not_text_is_reported_so(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"PK\x03\x04\x14" + bytes(2) + b"a long tail of other bytes")
    with pytest.raises(NotUTF8Error, match=BINARY):
        read_text(path)


def test_settings_in_utf_16_are_named(folder: Path) -> None:
    (folder / "config.txt").write_text("[Experiment]\nbase_payment = 0\n", encoding="utf-16")
    with pytest.raises(ConfigError, match=r"config\.txt, line 1: .*UTF-16.*PowerShell"):
        load_experiment(folder, environ={}, home=folder)
    assert "config.txt, line 1: this file isn't UTF-8 text but seems to be UTF-16" in said(folder)


def test_a_file_that_a_setting_names_is_named(folder: Path) -> None:
    (folder / "pool.txt").write_text("zoë\n", encoding="latin-1")
    (folder / "config.txt").write_text("[Experiment]\nlink_workers = file:pool.txt\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"link_workers names.*pool\.txt, line 1: .*{LATIN}"):
        load_experiment(folder, environ={}, home=folder)


@pytest.mark.parametrize("page", ["exp.html", "ad.html", "parts/_head.html"])
def test_a_template_is_named(folder: Path, tmp_path: Path, page: str) -> None:
    path = folder / "templates" / page
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"<p>\n{# caf\xe9 #}</p>")
    with pytest.raises(SiteError, match=rf"{path}, line 2: .*{LATIN}"):
        build(SiteSource(folder, "study", "debug"), tmp_path / "site")
    assert f"templates/{page}, line 2: this file isn't UTF-8" in said(folder)


def test_requirements_of_powershell_are_named(folder: Path) -> None:
    (folder / "requirements.txt").write_text("numpy==2.0\n", encoding="utf-16")
    with pytest.raises(PetriError, match=r"requirements\.txt, line 1: .*UTF-16.*Set-Content -Encoding utf8"):
        wanted_by(folder)
    assert "error: requirements.txt, line 1: " in said(folder)


def test_a_gitignore_that_git_cannot_read_ships_nothing(folder: Path) -> None:
    (folder / ".gitignore").write_text("secrets.csv\n", encoding="utf-16")
    (folder / "secrets.csv").write_text("who,what\n", encoding="utf-8")
    with pytest.raises(PetriError, match=r"\.gitignore, line 1: .*UTF-16"):
        kept_files(folder)
    assert "error: .gitignore" in said(folder)


@pytest.mark.parametrize("source", ["experiment.py", "words.py"])
@pytest.mark.parametrize("codec", ["utf-16", "cp1252"])
def test_code_is_named(folder: Path, source: str, codec: str) -> None:
    if source == "words.py":
        (folder / "experiment.py").write_text(f"import words\n{EXPERIMENT}", encoding="utf-8")
    (folder / source).write_text(f"NAME = 'naïve'\n{EXPERIMENT}", encoding=codec)
    with pytest.raises(ExperimentError, match=rf"{source}, line 1: this file isn't UTF-8"):
        load_experiment(folder, environ={}, home=folder)


def test_code_that_says_its_encoding_is_read(folder: Path) -> None:
    (folder / "experiment.py").write_text(f"# coding: latin-1\nNAME = 'é'\n{EXPERIMENT}", encoding="latin-1")
    assert load_experiment(folder, environ={}, home=folder).module.NAME == "é"


@pytest.mark.parametrize(("name", "codec"), [("static/story.csv", "cp1252"), ("README.md", "utf-16")])
def test_verify_warns_of_other_texts(folder: Path, name: str, codec: str) -> None:
    (folder / name).write_text("café,naïve\n", encoding=codec)
    assert f"warning: {name}, line 1: this file isn't UTF-8" in said(folder)


def test_a_stimulus_that_a_hook_cannot_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "static" / "fine.csv").write_text("a,b\n", encoding="utf-8")
    (folder / "static" / "story.csv").write_text("nr,story\n1,café\n", encoding="cp1252")
    assert "error: experiment.py: " in said(folder)
    assert "static/story.csv, line 2: this file isn't UTF-8" in said(folder)
    monkeypatch.chdir(folder)
    with pytest.raises(UnicodeDecodeError) as raised:
        (folder / "static" / "story.csv").read_text(encoding="utf-8")
    assert "story.csv, line 2: " in _shortened((raised.type, raised.value, raised.tb))


def test_a_table_that_a_spreadsheet_wrote_again_is_named(tmp_path: Path) -> None:
    path = tmp_path / "info.csv"
    path.write_text("id,contents\n1,café\n", encoding="cp1252")
    with pytest.raises(DataError, match=rf"info\.csv isn't UTF-8, but seems to be {LATIN}"):
        Table(path)


def readers_in(path: Path) -> list[int]:
    """The lines on which a module reads a text from a file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        names_encoding = any(keyword.arg == "encoding" for keyword in node.keywords)
        written = any(isinstance(each, ast.Constant) and each.value in ("w", "a", "x") for each in node.args)
        is_ours = isinstance(node.func, ast.Name) and name == "read_text"
        if (name == "read_text" and not is_ours) or (
            name in ("open", "fdopen") and names_encoding and not written
        ):
            found.append(node.lineno)
    return found


def test_every_file_of_an_author_is_read_through_one_function() -> None:
    others = []
    for room in ("chalicelib", "infra", "petri"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if not any(place.startswith(own) for own in READS_ITS_OWN):
                others += [f"{place}:{line}" for line in readers_in(path)]
    assert others == [], "read the author's files with author_files.read_text, or list what is Petri's own"
