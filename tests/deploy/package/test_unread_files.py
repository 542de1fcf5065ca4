"""Files of libraries that no function reads are left out, unless the experiment requires their package."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.aws.package.unread_files import remove_unread

FILES = (
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    "boto3/crt.py",
    "s3transfer/crt.py",
    "urllib3/contrib/emscripten/fetch.py",
    "segno/cli.py",
    "charset_normalizer/cli/__init__.py",
    "charset_normalizer/md.cpython-312-x86_64-linux-gnu.so",
    "botocore/cacert.pem",
    "cffi/api.py",
    "pycparser/c_parser.py",
)
KEPT = ("charset_normalizer/md.py", "charset_normalizer/only.so", "certifi/cacert.pem", "_cffi_backend.so")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*FILES, *KEPT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    _require_cffi(tmp_path, "argon2-cffi-bindings")
    return tmp_path


def _require_cffi(root: Path, package: str) -> None:
    folder = root / f"{package.replace('-', '_')}-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nRequires-Dist: cffi>=1\n")


def left(root: Path) -> set[str]:
    return {name for name in (*FILES, *KEPT) if (root / name).exists()}


def test_what_no_function_reads_is_left_out(root: Path) -> None:
    remove_unread(root, ())
    assert left(root) == set(KEPT)


@pytest.mark.parametrize(
    ("package", "kept"),
    [
        ("python-dateutil", FILES[:1]),
        ("boto3", FILES[1:2]),
        ("charset-normalizer", FILES[5:7]),
        ("botocore", FILES[7:8]),
        ("cffi", FILES[8:]),
    ],
)
def test_a_package_that_the_experiment_requires_is_whole(
    root: Path, package: str, kept: tuple[str, ...]
) -> None:
    remove_unread(root, {package})
    assert left(root) == {*KEPT, *kept}


def test_cffi_stays_for_a_package_that_may_load_more_than_its_backend(root: Path) -> None:
    _require_cffi(root, "soundfile")
    remove_unread(root, ())
    assert left(root) == {*KEPT, *FILES[8:]}


def test_botocore_keeps_its_certificates_where_there_are_no_others(root: Path) -> None:
    (root / "certifi/cacert.pem").unlink()
    remove_unread(root, ())
    assert (root / "botocore/cacert.pem").exists()
