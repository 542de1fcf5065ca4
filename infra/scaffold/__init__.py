"""`petri new` and `petri gallery`: create experiment folders from templates."""

from __future__ import annotations

import keyword
import re
import shutil
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from chalicelib.errors import ExperimentError

__all__ = ["KINDS", "LIBRARIES_OF", "create", "create_gallery"]

#: The kinds of experiments that there are templates for, each with what it is.
KINDS = {
    "survey": "questions in conditions, in one Markdown file",
    "game": "a game of two people in rounds",
    "chain": "a text that is passed from person to person",
    "trials": "reaction times in the browser",
    "jspsych": "a jsPsych timeline as a page",
    "live": "an auction in real time",
    "blank": "a classic experiment, with HTML and JavaScript of your own",
}

#: The libraries that an experiment of a kind keeps a copy of.
LIBRARIES_OF = {"jspsych": "jspsych"}

_SUFFIX = ".template"
#: templates stored under another name: they would have an effect here, or need the experiment's name
_NAMES = {"gitignore": ".gitignore", "test_experiment.py": "test_@@name@@.py"}
#: folders with these names would shadow Petri's own packages
_OURS = frozenset({"petri", "chalicelib", "infra", "frontend", "demos"})
#: names that the new experiment.py imports
_IMPORTED = frozenset(
    {
        "AnswerError",
        "Bot",
        "Chain",
        "Embed",
        "Empty",
        "End",
        "Experiment",
        "Group",
        "Join",
        "Live",
        "Page",
        "Rounds",
        "Study",
        "Trials",
        "Wait",
    }
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def create(name: str, parent: Path, kind: str = "blank") -> Path:
    """Create a new experiment in the folder `parent / name` and return that folder.

    `name` must be a Python identifier of letters, digits and underscores. Raises ExperimentError when it
    isn't, when there is no such kind, or when the folder exists; then nothing is written.
    """
    _check(name)
    if kind not in KINDS:
        raise ExperimentError(f"'{kind}' is not a kind of experiment; use one of {', '.join(KINDS)}.")
    folder = parent / name
    if folder.exists():
        raise ExperimentError(f"{folder} already exists; choose another name, or remove it first.")
    words = {"@@name@@": name, "@@Name@@": _class_name(name), "@@title@@": _title(name)}
    try:
        for path, template in _templates(files("infra.scaffold") / "files" / kind, PurePosixPath()):
            _write(folder / _filled(str(path), words), _filled(template.read_text(encoding="utf-8"), words))
    except BaseException:
        # A partial folder would block the next attempt.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def create_gallery(folder: Path) -> Path:
    """Create the study that shows all kinds of items, in a folder that exists, and return that folder."""
    for path, template in _templates(files("infra.scaffold") / "gallery", PurePosixPath()):
        _write(folder / path, template.read_text(encoding="utf-8"))
    return folder


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ExperimentError(
            f"'{name}' is not a valid name for an experiment; "
            "use letters, digits and underscores, starting with a letter, such as my_study."
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in sys.stdlib_module_names | _OURS:
        raise ExperimentError(
            f"'{name}' is reserved by Python or Petri; choose another name, such as my_{name}."
        )


def _templates(folder: Traversable, place: PurePosixPath) -> list[tuple[PurePosixPath, Traversable]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            found += _templates(entry, place / entry.name)
        elif entry.name.endswith(_SUFFIX):
            name = entry.name.removesuffix(_SUFFIX)
            found.append((place / _NAMES.get(name, name), entry))
    return found


def _filled(text: str, words: dict[str, str]) -> str:
    for placeholder, word in words.items():
        text = text.replace(placeholder, word)
    return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _class_name(name: str) -> str:
    joined = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
    return f"{joined}Study" if joined in _IMPORTED else joined


def _title(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
