"""Importing an author's folder as a package of its own, however its files import each other."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from chalicelib.model import registry
from chalicelib.model.errors import ExperimentError

_numbers = itertools.count(1)


def import_experiment(folder: Path) -> ModuleType:
    """Import `experiment.py` of a folder and return its module.

    The folder becomes a package with a private name, so that two experiments never share a module.
    Beside `from . import models`, its files may write `import models`; both mean the same module. The
    plain names belong to the experiment that was imported last.

    Raises ExperimentError with file and line when the code can't be imported.
    """
    if not (folder / "experiment.py").is_file():
        raise ExperimentError(f"There is no experiment.py in {folder}; give the folder that holds it.")
    package = f"_petri_experiment_{next(_numbers)}"
    importlib.invalidate_caches()
    _PlainNames.belong_to(package, folder)
    try:
        with authors_code(folder, "experiment.py can't be imported"):
            _import_package(package, folder)
            module = importlib.import_module(f"{package}.experiment")
    except ExperimentError:
        _PlainNames.belong_to_nobody()
        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            del sys.modules[name]
        raise
    registry.forget()
    return module


@contextmanager
def authors_code(folder: Path, what: str) -> Iterator[None]:
    """Turn whatever an author's code raises into an ExperimentError that says where it was raised."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise ExperimentError(f"{what}: {_told(error, folder)}") from error


def _told(error: BaseException, folder: Path) -> str:
    kind = "" if type(error).__module__.startswith("chalicelib.") else f"{type(error).__name__}: "
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{_place(error, folder)}{kind}{said}{_mend(error)}"


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


def _mend(error: BaseException) -> str:
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    name = error.name.split(".")[0]
    if name == "dallinger":
        return "; import Petri's own names instead: from petri import Experiment"
    return f"; install it (pip install {name}) and list it in the experiment's requirements.txt"


def _import_package(package: str, folder: Path) -> None:
    init = folder / "__init__.py"
    if init.is_file():
        spec = importlib.util.spec_from_file_location(package, init, submodule_search_locations=[str(folder)])
    else:
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
    if spec is None:
        raise ExperimentError(f"{init} can't be read as Python code.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    if spec.loader is not None:
        spec.loader.exec_module(module)


class _PlainNames(MetaPathFinder):
    """Lets `import models` within an experiment mean the models.py beside it."""

    def __init__(self) -> None:
        self._package = ""
        self._folder = Path()
        self._lent: set[str] = set()

    @classmethod
    def belong_to(cls, package: str, folder: Path) -> None:
        cls.belong_to_nobody()
        _plain_names._package, _plain_names._folder = package, folder
        sys.meta_path.insert(0, _plain_names)

    @classmethod
    def belong_to_nobody(cls) -> None:
        if _plain_names in sys.meta_path:
            sys.meta_path.remove(_plain_names)
        for name in _plain_names._lent:
            sys.modules.pop(name, None)
        _plain_names._lent.clear()

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        head = fullname.partition(".")[0]
        if head in sys.stdlib_module_names or not self._is_ours(head):
            return None
        own_name = f"{self._package}.{fullname}"
        if importlib.util.find_spec(own_name) is None:
            return None
        self._lent.add(fullname)
        return ModuleSpec(fullname, _SameModule(own_name))

    def _is_ours(self, head: str) -> bool:
        beside = self._folder / head
        return beside.with_suffix(".py").is_file() or (beside / "__init__.py").is_file()


class _SameModule(Loader):
    """Answers one name with the module that is known under another."""

    def __init__(self, own_name: str) -> None:
        self._own_name = own_name
        self._own_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002 - the import system's signature
        module = importlib.import_module(self._own_name)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the second name's spec in place of the module's own.
        module.__spec__ = self._own_spec


_plain_names = _PlainNames()
