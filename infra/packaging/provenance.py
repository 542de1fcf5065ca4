"""Records what a run was made of, so that it can be reproduced: hashes, versions, settings and code.

A code archive is a zip with `version.json` and, below `experiment/`, the experiment's folder without secrets
and data. Exports contain one as `code.zip`.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

import chalicelib
import petri
from chalicelib.errors import BadRequest
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.experiment.text_files import read_text
from chalicelib.export.archive import CODE
from chalicelib.export.dataset_description import CODEBOOK
from chalicelib.export.personal_data import FOLDER, PERSONAL, PERSONAL_FILES, VERSION_FILE
from chalicelib.version import MARK, VERSION
from infra.problems import OperatorProblem

from .compiled_pages import PAGES_FILE, compiled_pages
from .lambda_python import spelled
from .lambda_python import version as lambda_python
from .pins import closure, petris_own
from .requirements import CONSTRAINTS, REQUIREMENTS, wanted_by, without_credentials
from .secret_scan import check_contents, secrets_of
from .settings_file import staged_settings, write_settings
from .sizes import versions_in
from .staged_files import CONFIG, files_below, kept_files

_APP: Final = Path(__file__).parents[2] / "app.py"
_MOMENT: Final = (1980, 1, 2, 0, 0, 0)
_FILE_MODE: Final = 0o100644
#: The size limit for an unpacked archive.
_MOST_OF_VERSION = 10 * 1024 * 1024
_MOST: Final = 1024**3
#: File types that are compressed already.
_PACKED: Final = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp3", ".mp4", ".ogg", ".webm", ".zip", ".woff2"}
_NAME: Final = re.compile(r"[^\w.-]+")


def describe(
    loaded: LoadedExperiment, *, dependencies: Mapping[str, str] | None = None, package: Path | None = None
) -> dict[str, Any]:
    """Return a description of the code and its settings, without secrets.

    `package`: the zip that was deployed; `dependencies`: packages and versions, by default those in it, or
    without a package those of this machine.
    """
    if dependencies is None:
        dependencies = installed(loaded.folder) if package is None else versions_in(package)
    described = {
        "name": loaded.name,
        "petri": VERSION,
        # A deployed package runs on Lambda's Python instead of this machine's.
        "python": platform.python_version() if package is None else spelled(lambda_python()),
        "code": hash_of(petris_files()),
        "experiment": code_hash(loaded),
        "config": staged_settings(loaded.config),
        PERSONAL: loaded.config.personal(),
        PERSONAL_FILES: _personal_files(loaded),
        "dependencies": dict(dependencies),
    }
    return described if package is None else {**described, "package": _digest(package.read_bytes())}


def _personal_files(loaded: LoadedExperiment) -> list[str]:
    """Return the paths, in the experiment's folder, of the files with personal settings."""
    folder = loaded.folder.resolve()
    files = (path.resolve() for path in loaded.config.personal_files())
    return sorted(path.relative_to(folder).as_posix() for path in files if path.is_relative_to(folder))


def installed(folder: Path) -> dict[str, str]:
    """Return the installed dependencies of Petri and an experiment, with their versions."""
    try:
        own = wanted_by(folder).public
    except OperatorProblem:
        # A run on this machine works with requirements that a deploy refuses.
        own = []
    return dict(sorted(closure([*petris_own(), *own]).items()))


def petris_files() -> Iterator[tuple[str, bytes]]:
    """Yield Petri's own code as it is deployed, file by file."""
    yield "app.py", _APP.read_bytes()
    for package in (chalicelib, petri):
        source = Path(str(package.__file__)).parent
        for path in sorted(source.rglob("*.py")):
            yield f"{source.name}/{path.relative_to(source).as_posix()}", path.read_bytes()


def hash_of(files: Iterable[tuple[str, bytes]]) -> str:
    """Return one hash (SHA-256) of files with their paths, independent of their order."""
    each = sorted(f"{_digest(contents)} {place}\n" for place, contents in files)
    return _digest("".join(each).encode())


def code_hash(loaded: LoadedExperiment) -> str:
    """Return one hash of an experiment's own files, without settings."""
    return hash_of(_members(loaded))


def archive(loaded: LoadedExperiment, version: Mapping[str, Any], target: Path) -> Path:
    """Write the archive of an experiment's code to `target`, reproducibly.

    Raises OperatorProblem when a file contains the value of a secret setting.
    """
    pages = compiled_pages(loaded)
    compiled = [] if pages is None else [(PAGES_FILE, pages.encode())]
    members = sorted([*_members(loaded), *compiled])
    check_contents(secrets_of(loaded.config), members)
    partial = target.with_name(f"{target.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w") as written:
            _add(written, VERSION_FILE, json.dumps(version, indent=2, default=str).encode())
            book = _codebook(loaded)
            if book is not None:
                _add(written, CODEBOOK, json.dumps(book, indent=2, ensure_ascii=False, default=str).encode())
            for place, contents in members:
                _add(written, f"{FOLDER}/{place}", contents)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _codebook(loaded: LoadedExperiment) -> dict[str, Any] | None:
    """Return the code book of a study, for its exports; None for another experiment."""
    # Lazy import: other experiments don't need the classes of studies.
    from chalicelib.study.study import Study

    from .study_codebook import study_codebook

    study = loaded.experiment_class
    return study_codebook(study) if issubclass(study, Study) else None


def unpack(archived: Path, into: Path) -> Path:
    """Unpack the code of an export, or an archive of code, and return the experiment's folder in `into`.

    The folder can be served and deployed like the original; a deploy uses the recorded package versions, as
    far as they are still available. Raises BadRequest when there is no code in it.
    """
    try:
        with zipfile.ZipFile(archived) as outer:
            names = outer.namelist()
            if CODE in names:
                with zipfile.ZipFile(io.BytesIO(outer.read(CODE))) as inner:
                    return _unpack(inner, archived, into)
            return _unpack(outer, archived, into)
    except (OSError, zipfile.BadZipFile) as error:
        raise BadRequest(
            f"{archived} can't be read as a zip; give an experiment's folder or an export."
        ) from error


def version_of(folder: Path) -> dict[str, Any] | None:
    """Return the versions recorded in an unpacked folder; None for a folder that wasn't unpacked."""
    try:
        found: dict[str, Any] = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def differences(version: Mapping[str, Any]) -> list[str]:
    """Describe how this Petri differs from the one that archived a folder."""
    if version.get("petri") != VERSION:
        recorded = version.get("petri")
        return [
            f"This was archived with Petri {recorded}, and this is {VERSION}: pip install petri=={recorded}"
        ]
    if version.get("code") != hash_of(petris_files()):
        return [f"This was archived with other code of Petri {VERSION} than is installed here."]
    return []


def _members(loaded: LoadedExperiment) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an experiment that may leave this machine, without settings."""
    own = [(path, path.relative_to(loaded.folder).as_posix()) for path in kept_files(loaded.folder)]
    others = [found for source, place in loaded.extra_files for found in files_below(source, place)]
    for path, place in {place: (path, place) for path, place in [*own, *others]}.values():
        if place in {REQUIREMENTS, CONSTRAINTS}:
            yield place, without_credentials(read_text(path)).encode()
        elif place not in {CONFIG, PAGES_FILE}:
            yield place, path.read_bytes()


def _add(written: zipfile.ZipFile, place: str, contents: bytes) -> None:
    entry = zipfile.ZipInfo(place, _MOMENT)
    entry.external_attr = _FILE_MODE << 16
    packed = PurePosixPath(place).suffix.lower() in _PACKED
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    written.writestr(entry, contents)


def _version(code: zipfile.ZipFile, archived: Path) -> dict[str, Any]:
    """Read an archive's version file; raises BadRequest when Petri didn't write it."""
    if code.getinfo(VERSION_FILE).file_size > _MOST_OF_VERSION:
        raise BadRequest(f"{VERSION_FILE} in {archived} is too long to be Petri's; check the file.")
    try:
        version = json.loads(code.read(VERSION_FILE))
        version["name"], version["config"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise BadRequest(f"{VERSION_FILE} in {archived} can't be read; check the file.") from error
    return dict(version)


def _unpack(code: zipfile.ZipFile, archived: Path, into: Path) -> Path:
    if VERSION_FILE not in code.namelist():
        raise BadRequest(f"{archived} contains no code; give an export of a Petri run, or its code.zip.")
    version = _version(code, archived)
    folder = into / (_NAME.sub("-", str(version["name"])).strip(".-") or FOLDER)
    if folder.exists():
        raise BadRequest(f"{folder} exists already; remove it, or give another folder to unpack into.")
    entries = [entry for entry in code.infolist() if entry.filename.startswith(f"{FOLDER}/")]
    if sum(entry.file_size for entry in entries) > _MOST:
        raise BadRequest(
            f"{archived} unpacks to more than a gigabyte; check that it is an experiment's archive."
        )
    for entry in entries:
        place = PurePosixPath(entry.filename).relative_to(FOLDER)
        if ".." in place.parts or "\\" in entry.filename:
            raise BadRequest(f"{archived} holds {entry.filename}, a path outside of it; don't use this file.")
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with code.open(entry) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
    write_settings(version["config"], folder)
    (folder / MARK).write_text(json.dumps(version, indent=2), encoding="utf-8")
    return folder


def _digest(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()
