"""Builds the package for Lambda: Chalice's build of a staged folder, then pruned and compiled.

Python caches compiled modules next to their source, but Lambda's file system is read-only, so each cold start
would compile everything again. Builds are reproducible: the same folder and packages give the same bytes.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final

from chalice.deploy.packager import (
    DependencyBuilder,
    LambdaDeploymentPackager,
    MissingDependencyError,
    NoSuchPackageError,
    PackageDownloadError,
    PipRunner,
    SubprocessPip,
    UnsupportedPackageError,
)
from chalice.utils import UI, OSUtils

from infra.packaging.lambda_python import abi, compiler, runtime, spelled, version
from infra.packaging.pins import petris_own
from infra.packaging.requirements import REQUIREMENTS, names_of, without_credentials
from infra.packaging.sizes import sizes_of
from infra.packaging.wheels import no_wheel
from infra.problems import OperatorProblem

from .prune import SERVICES, prune, services_of
from .staging import EXPERIMENT, StagedApp

#: Where Lambda unpacks the package, for the paths in tracebacks.
_TASK: Final = "/var/task"
_MOMENT: Final = (1980, 1, 2, 0, 0, 0)
#: The strongest compression of zlib.
_LEVEL: Final = 9
_FILE_MODE: Final = 0o100644
_PETRIS_OWN: Final = ("app.py", "chalicelib", "petri", EXPERIMENT)
_SHOWN_LINES: Final = 4


def build(staged: StagedApp | Path) -> Path:
    """Build the package of a staged folder and return its path; `sizes.sizes_of` lists its contents.

    Raises OperatorProblem when a package isn't available or doesn't run on Lambda, or when the result is too
    large for Lambda.
    """
    folder = staged if isinstance(staged, Path) else staged.folder
    packager = _Packager()
    chalices = Path(packager.deployment_package_filename(str(folder), runtime()))
    lean = chalices.with_name(f"{chalices.stem}-lean.zip")
    lean.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="petri-package-") as place:
        root = Path(place) / "task"
        packager.lay_out(folder, root)
        prune(
            root, SERVICES | services_of(root / EXPERIMENT), own=_PETRIS_OWN, asked=_asked_by_author(folder)
        )
        compile_below(root, with_columns=_authors_own(folder))
        pack(root, lean)
    sizes_of(lean).check()
    return lean


def _asked_by_author(folder: Path) -> set[str]:
    """Return the names of the packages in the experiment's own requirements."""
    own = petris_own()
    lines = (folder / REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    return names_of(line for line in lines if line not in own and not line.startswith(("#", "-")))


def _authors_own(folder: Path) -> list[str]:
    """Return the names at the top of the package that hold the author's own code."""
    vendored = sorted(path.name for path in (folder / _Packager.vendor_folder()).iterdir())
    return [name for name in vendored if name == EXPERIMENT or name not in _PETRIS_OWN]


def compile_below(root: Path, place: str = _TASK, *, with_columns: Collection[str] = ()) -> None:
    """Compile every source file below a folder, so that Python loads the result without checking the source.

    An interpreter of Lambda's version with a fixed hash seed compiles, so that the same source gives the same
    bytes. Without one on this machine nothing is compiled: Lambda can't read another version's bytecode.
    `place`: the path of the folder on Lambda, for tracebacks; `with_columns`: names below `root` whose
    bytecode also has the columns of each instruction, so that tracebacks underline the expression that
    failed. Columns are a quarter of the bytecode; without them tracebacks still have file, line and source.
    """
    interpreter = compiler()
    if interpreter is None:
        return
    _compile([interpreter, "-X", "no_debug_ranges"], [root], root, place)
    if with_columns:
        _compile([interpreter], [root / name for name in with_columns], root, place)


def _compile(interpreter: list[str], sources: Iterable[Path], root: Path, place: str) -> None:
    command = [*interpreter, "-I", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    # Libraries contain files for other versions of Python, which don't compile and are never imported.
    subprocess.run(  # noqa: S603 - an interpreter's own module
        [*command, "-s", str(root), "-p", place, *map(str, sources)],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


class _Pip(PipRunner):
    """Chalice's pip runner, for wheels of Lambda's Python instead of this process's."""

    def _execute(self, command: str, args: list[str], *more: Any, **named: Any) -> Any:
        if "--abi" in args:
            args = ["--python-version", spelled(version()), *args]
        return super()._execute(command, args, *more, **named)


class _Packager(LambdaDeploymentPackager):
    """Chalice's packager, which fails on a missing package instead of continuing without it."""

    def __init__(self) -> None:
        utils = OSUtils()
        super().__init__(
            utils,
            DependencyBuilder(utils, _Pip(SubprocessPip(utils))),
            UI(out=io.StringIO(), err=io.StringIO()),
        )

    def lay_out(self, project: Path, root: Path) -> None:
        """Lay out the contents of Chalice's zip in a folder."""
        self._build_python_dependencies(runtime(), self._get_requirements_filename(str(project)), str(root))
        shutil.rmtree(root / "chalice", ignore_errors=True)
        for source, place in self._iter_app_filenames(str(project)):
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, root / place)
        shutil.copytree(project / self._VENDOR_DIR, root, dirs_exist_ok=True)

    @classmethod
    def vendor_folder(cls) -> str:
        """Return the name of the folder of a project whose contents are copied to the top of the zip."""
        return str(cls._VENDOR_DIR)

    def install(self, requirements: Path, folder: Path) -> None:
        """Install the packages of a requirements file in a folder."""
        self._build_python_dependencies(runtime(), str(requirements), str(folder))

    def _build_python_dependencies(
        self, python_version: str, requirements_filepath: str, site_packages_dir: str
    ) -> None:
        del python_version
        try:
            self._dependency_builder.build_site_packages(abi(), requirements_filepath, site_packages_dir)
        except MissingDependencyError as error:
            raise no_wheel([str(package.identifier) for package in error.missing]) from error
        except NoSuchPackageError as error:
            raise OperatorProblem(f"{error}; correct {REQUIREMENTS}, or check the network.") from error
        except UnsupportedPackageError as error:
            raise OperatorProblem(f"{error}; use another version of it.") from error
        except PackageDownloadError as error:
            raise OperatorProblem(
                f"pip can't download the packages: {_last_lines(str(error))}; correct {REQUIREMENTS}, "
                "or check the network."
            ) from error


def install_packages(requirements: Path, folder: Path) -> None:
    """Install the packages of a requirements file for Lambda; OperatorProblem when one isn't available."""
    _Packager().install(requirements, folder)


def _last_lines(errors: str) -> str:
    lines = [line.strip() for line in without_credentials(errors).splitlines() if line.strip()]
    shown = [line for line in lines if not line.startswith("WARNING")] or ["it didn't say why"]
    return " / ".join(shown[-_SHOWN_LINES:]).rstrip(". ")


def pack(root: Path, package: Path) -> None:
    """Zip a folder; the same contents give the same bytes."""
    partial = package.with_name(f"{package.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(root.rglob("*")):
                if path.is_file():
                    entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _MOMENT)
                    entry.external_attr = _FILE_MODE << 16
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    # An entry of its own doesn't take the archive's level.
                    archive.writestr(entry, path.read_bytes(), compresslevel=_LEVEL)
        partial.replace(package)
    finally:
        partial.unlink(missing_ok=True)
