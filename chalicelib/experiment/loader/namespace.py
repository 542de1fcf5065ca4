"""Gives an author's folder a name space, in which its files import each other by plain names.

The import statement looks up `__import__` in the builtins of its module. Each of the author's modules
therefore gets builtins of its own, whose `__import__` looks in the author's folder first. So
`import numbers` means the author's numbers.py inside the folder, and Python's module everywhere else: the
author's names never shadow the platform's, and two experiments never share a module.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

#: Names that an author's file can't have: `petri`, and built-in modules, which Python finds first.
RESERVED = frozenset({"petri", *sys.builtin_module_names})

#: The folders of imported experiments, by the private name of the package.
_folders: dict[str, Path] = {}


def open_namespace(package: str, folder: Path) -> None:
    """Make `folder` importable as `package`, a private name, with or without an `__init__.py`."""
    importlib.invalidate_caches()
    _folders[package] = folder
    _plain_names.forget()
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
        sys.meta_path.append(_plain_names)
    init = folder / "__init__.py"
    if init.is_file():
        importlib.import_module(package)
        return
    spec = ModuleSpec(package, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[package] = importlib.util.module_from_spec(spec)


def close_namespace(package: str) -> None:
    """Remove a package whose import failed, with all its modules."""
    _folders.pop(package, None)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def _own_name(package: str, name: str) -> str | None:
    """Return the full name of the author's module with a plain name; None when there is none."""
    head = name.partition(".")[0]
    folder = _folders.get(package)
    if folder is None or head in RESERVED:
        return None
    beside = folder / head
    if beside.with_suffix(".py").is_file() or (beside / "__init__.py").is_file():
        return f"{package}.{name}"
    return None


def _author_builtins(package: str) -> dict[str, Any]:
    """Return builtins whose `__import__` searches the author's folder first."""

    def import_beside(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        own = _own_name(package, name) if level == 0 else None
        if own is None:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        found = builtins.__import__(own, globals, locals, fromlist or (), 0)
        return found if fromlist else sys.modules[f"{package}.{name.partition('.')[0]}"]

    return {**vars(builtins), "__import__": import_beside}


class _Finder(MetaPathFinder):
    """Finds the modules of authors' packages."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        package = fullname.partition(".")[0]
        if package not in _folders:
            return None
        folder = _folders[package]
        if fullname == package:
            spec = importlib.util.spec_from_file_location(
                package, folder / "__init__.py", submodule_search_locations=[str(folder)]
            )
        else:
            spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _AuthorLoader(spec.loader, package)
        return spec


class _AuthorLoader(Loader):
    """Wraps a loader, to give a module the author's builtins before its code runs."""

    def __init__(self, loader: Any, package: str) -> None:
        self._loader = loader
        self._package = package

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = _author_builtins(self._package)
        self._loader.exec_module(module)

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the wrapped loader: sources for tracebacks, file names, resources."""
        return getattr(self._loader, name)


class _PlainNameFinder(MetaPathFinder):
    """Finds modules that an author's code imports through importlib by a plain name that no other module has.

    Such a module is in `sys.modules` under its plain name too, until the next experiment is imported.
    """

    def __init__(self) -> None:
        self._lent: set[str] = set()

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        own = _own_name(_importing_package(), fullname)
        if own is None or importlib.util.find_spec(own) is None:
            return None
        self._lent.add(fullname)
        return ModuleSpec(fullname, _AliasLoader(own))

    def forget(self) -> None:
        for name in self._lent:
            sys.modules.pop(name, None)
        self._lent.clear()


class _AliasLoader(Loader):
    """Loads a module under a second name, without changing its own name."""

    def __init__(self, own_name: str) -> None:
        self._own_name = own_name
        self._own_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002 - the import system's signature
        module = importlib.import_module(self._own_name)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has replaced the module's own spec by that of the second name.
        module.__spec__ = self._own_spec


def _importing_package() -> str:
    """Return the package of the author's code that is importing now, or ""."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the importing frame is nowhere else to be had
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name != __name__ and name.partition(".")[0] not in {"importlib", "_frozen_importlib"}:
            return name.partition(".")[0]
        frame = frame.f_back
    return ""


_finder = _Finder()
_plain_names = _PlainNameFinder()
