"""Importing an author's folder as a package of its own, however its files import each other."""

from __future__ import annotations

import importlib
import itertools
import re
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
#: What an author's package is called inside the process, which says nothing to the author.
_PRIVATE = re.compile(r"\b_petri_experiment_\d+\.")


def require_experiment(folder: Path) -> None:
    """Check that a folder holds an experiment; ExperimentError without an experiment.py."""
    if not (folder / "experiment.py").is_file():
        raise ExperimentError(f"There is no experiment.py in {folder}; give the folder that holds it.")


def import_experiment(folder: Path) -> ModuleType:
    """Import `experiment.py` of a folder and return its module.

    The folder becomes a package with a private name and a name space of its own: beside `from . import
    models`, its files may write `import models`, whatever Petri, Python or an installed package calls a
    module of its own.

    Raises ExperimentError with file and line when the code can't be imported.
    """
    require_experiment(folder)
    package = f"_petri_experiment_{next(_numbers)}"
    try:
        with author_code(folder, "experiment.py can't be imported"):
            open_namespace(package, folder)
            module = importlib.import_module(f"{package}.experiment")
    except ExperimentError:
        close_namespace(package)
        raise
    record_classes.clear_cache()
    return module


@contextmanager
def author_code(folder: Path, what: str) -> Iterator[None]:
    """Turn whatever an author's code raises into an ExperimentError that says where it was raised."""
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
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{_place(error, folder)}{kind}{_PRIVATE.sub('', said)}{_fix(error, folder)}"


def _unreadable_source(error: BaseException, folder: Path) -> NotUTF8Error | None:
    """Return which of the author's sources Python can't read, if its encoding is why."""
    if not isinstance(error, SyntaxError):
        return None
    # Python doesn't name a source with null bytes, which is what UTF-16 looks like to it.
    sources = [Path(error.filename)] if error.filename else sorted(folder.rglob("*.py"))
    found = (_why_unreadable(source) for source in sources if source.is_file())
    return next((why for why in found if why is not None), None)


def _why_unreadable(source: Path) -> NotUTF8Error | None:
    try:
        # Python's own rule: a file may say in its first lines that it is in another encoding.
        with tokenize.open(source) as text:
            is_readable = "\0" not in text.read()
    except (SyntaxError, UnicodeDecodeError):
        is_readable = False
    found = None if is_readable else find_encoding_problem(source.read_bytes())
    return None if found is None else NotUTF8Error(source, *found)


def _place(error: BaseException, folder: Path) -> str:
    """Find the last line of the author's own code that was on the way to the error."""
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
