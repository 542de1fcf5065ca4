"""Imports an author's folder as a package of its own, however its files import each other."""

from __future__ import annotations

import importlib
import itertools
import re
import sys
import tokenize
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from chalicelib.errors import ExperimentError, Interrupted
from chalicelib.experiment.text_files import NotUTF8Error, find_encoding_problem, find_undecodable_file
from chalicelib.model import record_classes

from .namespace import close_namespace, open_namespace

_numbers = itertools.count(1)
#: The private name of an author's package, which is removed from errors.
_PRIVATE = re.compile(r"\b_petri_experiment_\d+\.")


def require_experiment(folder: Path) -> None:
    """Raise ExperimentError when a folder contains neither an experiment.py nor a study.md."""
    if not (folder / "experiment.py").is_file() and not _is_markdown_study(folder):
        raise ExperimentError(
            f"There is no experiment.py and no study.md in {folder}; pass the folder that contains one."
        )


def _is_markdown_study(folder: Path) -> bool:
    return (folder / "study.md").is_file() and not (folder / "experiment.py").is_file()


def import_experiment(folder: Path) -> ModuleType:
    """Import `experiment.py` of a folder and return its module.

    The folder becomes a package with a private name and a name space of its own: besides `from . import
    models`, its files can use `import models`, even if Petri, Python or an installed package has a module
    of that name.

    Raises ExperimentError with file and line when the code can't be imported.
    """
    require_experiment(folder)
    package = f"_petri_experiment_{next(_numbers)}"
    try:
        with author_code(folder, "experiment.py can't be imported"):
            open_namespace(package, folder)
            name = f"{package}.experiment"
            module = (
                _markdown_study(folder, name) if _is_markdown_study(folder) else importlib.import_module(name)
            )
    except ExperimentError:
        close_namespace(package)
        raise
    record_classes.clear_cache()
    return module


def _markdown_study(folder: Path, name: str) -> ModuleType:
    """Make the module of a study that is one Markdown file; its class comes from what authors import."""
    module = ModuleType(name)
    study = importlib.import_module("petri.study").study_from_file(folder, name)
    setattr(module, study.__name__, study)
    sys.modules[name] = module
    return module


@contextmanager
def author_code(folder: Path, what: str) -> Iterator[None]:
    """Turn any error of an author's code into an ExperimentError that says where it was raised."""
    try:
        yield
    except Interrupted:
        raise
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        raise ExperimentError(f"{what}: {_describe(error, folder)}") from error


def _describe(error: BaseException, folder: Path) -> str:
    kind = "" if record_classes.is_petris(type(error)) else f"{type(error).__name__}: "
    unreadable = _unreadable_source(error, folder) or find_undecodable_file(error, folder)
    if unreadable is not None:
        return str(unreadable)
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{_place(error, folder)}{kind}{_PRIVATE.sub('', message)}{_fix(error, folder)}"


def _unreadable_source(error: BaseException, folder: Path) -> NotUTF8Error | None:
    """Return the author's source file that Python can't decode, if the encoding is the cause."""
    if not isinstance(error, SyntaxError):
        return None
    # UTF-16 contains null bytes, and Python's error for these doesn't name the file.
    sources = [Path(error.filename)] if error.filename else sorted(folder.rglob("*.py"))
    found = (_why_unreadable(source) for source in sources if source.is_file())
    return next((why for why in found if why is not None), None)


def _why_unreadable(source: Path) -> NotUTF8Error | None:
    try:
        # As in Python, a file can declare another encoding in its first lines.
        with tokenize.open(source) as text:
            is_readable = "\0" not in text.read()
    except (SyntaxError, UnicodeDecodeError):
        is_readable = False
    found = None if is_readable else find_encoding_problem(source.read_bytes())
    return None if found is None else NotUTF8Error(source, *found)


def _place(error: BaseException, folder: Path) -> str:
    """Return the last line of the author's own code in the traceback."""
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
    for filename, line in reversed(places):
        path = Path(filename)
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder)}, line {line}: "
    return ""


def _fix(error: BaseException, folder: Path) -> str:
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    name = _PRIVATE.sub("", error.name).split(".")[0]
    if (folder / f"{name}.py").is_file():
        return f"; the experiment's own {name}.py hides the package {name}: rename the file"
    if name == "dallinger":
        return "; import Petri's own names instead: from petri import Experiment"
    return f"; install it (pip install {name}) and list it in the experiment's requirements.txt"
