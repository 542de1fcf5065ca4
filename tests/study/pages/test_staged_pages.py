"""A staged folder and an archive contain compiled pages, which load without the compiler."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.study.pages import CompiledPages, find_pages
from chalicelib.version import MARK
from infra.aws.package.staging import stage
from infra.packaging.provenance import archive, code_hash, describe, unpack
from infra.pages import compile_folder
from tests.deploy.package.folders import NAMES, author_folder, staged

DEMO = Path(__file__).parents[3] / "demos" / "survey"
pytestmark = pytest.mark.e2e

CODE = """
from pathlib import Path

from chalicelib.study.pages import PageLibrary, find_pages
from petri import Experiment


class Talk(Experiment):
    library = PageLibrary(find_pages(Path(__file__).parent))
"""
FILES = {
    "experiment.py": CODE,
    "pages/talk.md": "# Talk\n\nHello {{ x }}\n\n:::{number} offer: How much?\nstep: 0.1\n:::\n",
    "pages/de/talk.md": "# Gespräch\n\nHallo {{ x }}\n\n:::{number} offer: Wie viel?\nstep: 0.1\n:::\n",
}
#: Loads and renders the pages of a folder in a process that can't import the compiler.
LOAD = """
import sys
sys.modules.update(dict.fromkeys(["markdown_it", "mdit_py_plugins", "latex2mathml", "yaml", "infra"]))
from pathlib import Path
from chalicelib.study.pages import PageLibrary, find_pages
library = PageLibrary(find_pages(Path(sys.argv[1])))
print(library.render(library.page("talk", "de"), {"x": "<b>"}, lambda name: f"[{name}]"))
"""


def test_a_staged_folder_renders_its_pages_without_the_compiler(tmp_path: Path):
    app = staged(tmp_path, FILES)
    told = json.loads((app.experiment / "pages.json").read_text(encoding="utf-8"))
    assert [(page["language"], page["name"]) for page in told["pages"]] == [("", "talk"), ("de", "talk")]
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(app.experiment)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["<h1>Gespräch</h1>", "<p>Hallo", "&lt;b&gt;</p>", "[offer]"]


def test_compiled_pages_of_a_staged_folder_are_the_folders_own(tmp_path: Path):
    app = staged(tmp_path, FILES)
    assert find_pages(app.experiment) == compile_folder(tmp_path / "double")
    assert str(find_pages(app.experiment).pages["", "talk"].items[0].body["step"]) == "0.1"


def test_an_experiment_without_pages_has_no_such_file(tmp_path: Path):
    assert not (staged(tmp_path).experiment / "pages.json").exists()


def test_an_archive_contains_compiled_pages_which_dont_change_the_codes_hash(tmp_path: Path):
    folder = author_folder(tmp_path / "talk", FILES)
    loaded = load_experiment(folder, environ={}, home=tmp_path)
    before = code_hash(loaded)
    packed = archive(loaded, describe(loaded, dependencies={}), tmp_path / "code.zip")
    with zipfile.ZipFile(packed) as zipped:
        text = zipped.read("experiment/pages.json").decode()
    assert CompiledPages.from_json(text) == compile_folder(folder)
    unpacked = unpack(packed, tmp_path / "again")
    assert (unpacked / MARK).is_file()
    assert find_pages(unpacked) == compile_folder(folder)
    assert code_hash(load_experiment(unpacked, environ={}, home=tmp_path)) == before


def test_a_page_that_was_changed_in_an_unpacked_folder_is_compiled_again(tmp_path: Path):
    folder = author_folder(tmp_path / "talk", FILES)
    (folder / "pages.json").write_text(compile_folder(folder).to_json(), encoding="utf-8")
    (folder / MARK).write_text("{}", encoding="utf-8")
    (folder / "pages" / "talk.md").write_text("changed\n", encoding="utf-8")
    assert find_pages(folder).pages["", "talk"].template == "<p>changed</p>\n"


def test_a_changed_page_without_the_compiler_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = author_folder(tmp_path / "talk", FILES)
    (folder / "pages.json").write_text(compile_folder(folder).to_json(), encoding="utf-8")
    (folder / MARK).write_text("{}", encoding="utf-8")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    assert set(find_pages(folder).pages) == {("", "talk"), ("de", "talk")}
    (folder / "pages" / "talk.md").write_text("changed\n", encoding="utf-8")
    with pytest.raises(ExperimentError, match="the page compiler isn't installed here"):
        find_pages(folder)


def test_the_compiler_is_found_by_its_entry_point(tmp_path: Path):
    folder = author_folder(tmp_path / "talk", FILES)
    assert find_pages(folder) == compile_folder(folder)


#: Loads a staged study in a process that can't import the compiler, and prints its timeline.
LOAD_STUDY = """
import os, sys
sys.modules.update(dict.fromkeys(["markdown_it", "mdit_py_plugins", "latex2mathml", "yaml", "infra"]))
from pathlib import Path
from chalicelib.experiment.loader.experiment_folder import load_experiment
folder = Path(sys.argv[1])
os.chdir(folder)
loaded = load_experiment(folder, environ={}, home=folder)
print([step for step, _ in loaded.experiment_class.plan().steps()], sorted(loaded.experiment_class.items()))
"""


def test_a_study_in_one_file_is_staged_and_loads_without_the_compiler(tmp_path: Path):
    app = stage(DEMO, NAMES, tmp_path / "out", environ={}, home=tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", LOAD_STUDY, str(app.experiment)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    steps, items = done.stdout.strip().split("] [")
    assert steps == "['welcome', 'end', 'decision', 'opinions', 'end-2', 'debrief'"
    assert items == "'age', 'calm', 'check', 'easy', 'moral', 'plan', 'risk', 'sure', 'trust']"
