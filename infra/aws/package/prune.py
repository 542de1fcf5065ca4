"""Removes what a package doesn't need: botocore's data of unused services, tests, type hints, notices.

botocore alone is 16 MB of a zip, nearly all of it service descriptions.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Collection, Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path

from .trim_botocore import trim
from .unread_files import remove_unread

#: The services that Petri's functions call, by boto3's names; a test compares them with the code.
SERVICES = frozenset({"dynamodb", "events", "logs", "mturk", "s3", "ses", "sqs", "ssm"})
_CLIENT_MAKERS = {"client", "resource", "create_client", "maker"}
#: The metadata files that users of importlib.metadata read.
_KEPT_METADATA = {"METADATA", "entry_points.txt", "top_level.txt"}
_UNREAD = {".pyi", ".pyx", ".pxd", ".c", ".h", ".hpp", ".cpp", ".f90", ".a"}
_UNREAD_FOLDERS = {"tests", "__pycache__"}
_UNREAD_NAMES = {"py.typed"}
POWERTOOLS = "aws-lambda-powertools"
#: Petri uses only powertools' logger; an experiment that requires powertools gets all of it.
_POWERTOOLS_UNREAD, _POWERTOOLS_READ = ("event_handler", "utilities/*/"), {"jmespath_utils"}


def prune(
    root: Path, services: Iterable[str], *, own: Iterable[str] = (), asked: Collection[str] = ()
) -> None:
    """Delete from unpacked packages what isn't read at run time.

    `services`: the AWS services that are called; `own`: folders that are left as they are; `asked`: packages
    that the experiment itself requires.
    """
    wanted, kept = frozenset(services), set(own)
    for library in ("botocore", "boto3"):
        _prune_services(root / library / "data", wanted)
    trim(root / "botocore" / "data")
    for pattern in _POWERTOOLS_UNREAD if POWERTOOLS not in asked else ():
        for folder in sorted((root / "aws_lambda_powertools").glob(pattern)):
            if folder.name not in _POWERTOOLS_READ:
                shutil.rmtree(folder)
    remove_unread(root, asked)
    for top in sorted(root.iterdir()):
        if top.name in kept:
            _remove_caches(top)
        elif top.name.endswith((".dist-info", ".egg-info")):
            _prune_metadata(top)
        elif top.name.endswith(".data") or top.name == "bin":
            shutil.rmtree(top)
        elif top.is_dir():
            _prune_library(top)


def services_of(folder: Path) -> set[str]:
    """Find the AWS services for which an author's code creates clients: `boto3.client("polly")`."""
    return {service for path in sorted(folder.rglob("*.py")) for service in _services_in(path)}


def _services_in(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "service_name")]
            for word in named if node.func.attr in _CLIENT_MAKERS else ():
                if isinstance(word, ast.Constant) and isinstance(word.value, str):
                    yield word.value


def _prune_services(data: Path, wanted: frozenset[str]) -> None:
    if not data.is_dir():
        return
    for service in data.iterdir():
        if service.is_dir() and service.name not in wanted:
            shutil.rmtree(service)
    for examples in data.rglob("examples-*.json*"):
        examples.unlink()


def _prune_library(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and path.name in _UNREAD_FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and (path.suffix in _UNREAD or path.name in _UNREAD_NAMES):
            path.unlink()


def _remove_caches(path: Path) -> None:
    for cache in sorted(path.rglob("__pycache__")) if path.is_dir() else ():
        shutil.rmtree(cache)


def _prune_metadata(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        elif path.name not in _KEPT_METADATA or path.parent != folder:
            path.unlink()
    described = folder / "METADATA"
    if described.is_file():
        described.write_text(_headers(described.read_text(encoding="utf-8")), encoding="utf-8")


def _headers(metadata: str) -> str:
    """Return a package's metadata without its long description."""
    fields = HeaderParser().parsestr(metadata)
    fields.set_payload("")
    del fields["Description"]
    return fields.as_string()
