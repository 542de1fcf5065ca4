"""Packages of the library: what is taken, and what is refused before anything of it is used."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import replace

import pytest

from chalicelib.errors import BadRequest
from chalicelib.study.study_library.study_origins import (
    ORIGIN_FILE,
    StudyOrigin,
    read_origins,
    write_origins,
)
from chalicelib.study.study_library.study_packages import (
    MAX_PACKAGE,
    MAX_UNPACKED,
    MOST_FILES,
    check_package,
    write_package,
)
from tests.unit.study_library.zips import STUDY, a_study, with_link, zipped

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
ORIGIN = StudyOrigin(
    entry="stroop", number=3, version=2, sha256="a" * 64, title='The "Stroop"\\task', author="Ann"
)


def problem(content: bytes) -> str:
    with pytest.raises(BadRequest) as caught:
        check_package(content)
    assert caught.value.code == "package_refused"
    return str(caught.value)


def refused(files: Mapping[str, bytes]) -> str:
    return problem(zipped({**STUDY, **files}))


def test_a_package_says_what_it_contains() -> None:
    page = b"# Task\n\n:::{choice} colour: Which?\n:::\n\n:::{text} why: Why?\n:::\n:::{choice} b: B?\n:::\n"
    facts = check_package(zipped({**STUDY, "pages/task.md": page, "assets/a.png": PNG, "static/a.css": b""}))
    assert (facts.files, facts.assets) == (5, 1)
    assert facts.pages == ["pages/task.md", "pages/welcome.md"]
    assert facts.items == {"choice": 2, "text": 1}
    assert facts.unpacked == sum(map(len, facts.contents.values()))


def test_a_study_of_one_file_is_taken() -> None:
    assert check_package(zipped({"study.md": b"---\ntitle: A\n---\n"})).pages == ["study.md"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "pages/../../evil.py",
        "/etc/passwd",
        "C:/evil.py",
        "pages\\..\\..\\evil.py",
        "pages//a.md",
        "./a.md",
        "a\n.md",
        "con.md",
        "pages/NUL",
        "a ",
        "a.",
        "a:stream",
        "pages/\u202egnp.exe",
        "x" * 201,
        "/".join("abcdefghijk"),
        "e\u0301.md",
    ],
)
def test_a_path_that_leaves_the_folder_or_that_some_computer_can_not_write_is_refused(name: str) -> None:
    assert "path" in refused({name: b"x"})


def test_a_path_with_a_nul_is_refused() -> None:
    assert "path" in problem(zipped({**STUDY, "static/axb.md": b""}).replace(b"axb.md", b"a\x00b.md"))


@pytest.mark.parametrize(
    "name",
    [
        ".petriconfig",
        ".env",
        "keys/deploy.pem",
        "keys/DEPLOY.KEY",
        "id_rsa",
        "production.env",
        ".git/config",
        "credentials",
        "data/run.zip",
        "runs/a.sqlite",
        "old.sqlite",
        "backup/x.DB",
        "__pycache__/a.py",
        "stroop-data.zip",
    ],
)
def test_secrets_and_data_of_runs_are_refused(name: str) -> None:
    assert "remove it" in refused({name: b"x"})


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"config.txt": b"[Experiment]\ndashboard_password = hunter2\n"}, "dashboard_password"),
        ({"config.txt": b"[AWS]\naws_secret_access_key: abc\n"}, "aws_secret_access_key"),
        ({"config.txt": b"[Experiment]\nmy_api_key = abc\n"}, "my_api_key"),
        ({"config.txt": b"[Experiment]\nprolific_api_token = abc\n"}, "prolific_api_token"),
        ({"study.md": b"---\ndashboard_password: x\n---\n# A\n"}, "dashboard_password"),
        ({"notes.md": b"-----BEGIN RSA PRIVATE KEY-----"}, "private key"),
        ({"static/a.js": b"const key = 'AKIAIOSFODNN7EXAMPLE';"}, "access key"),
        ({"a.py": b"TOKEN = 'ghp_" + b"a" * 36 + b"'"}, "access key"),
    ],
)
def test_secrets_in_files_are_refused(files: dict[str, bytes], named: str) -> None:
    assert named in refused(files)


def test_settings_that_are_not_secret_and_pages_about_passwords_are_taken() -> None:
    config = b"[Experiment]\ntitle = Passwords\nrecruiter = link\n# dashboard_password = ask Ann\n"
    check_package(zipped({**STUDY, "config.txt": config, "pages/a.md": b"Your password: none\n"}))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int) -> None:
    assert "link or a device" in problem(with_link("pages/a.md", "/etc/passwd", kind))


def test_a_zip_bomb_is_refused_whatever_sizes_it_announces() -> None:
    bomb = zipped({**STUDY, "static/zeros.txt": bytes(MAX_UNPACKED + 1)})
    assert len(bomb) < 1_000_000
    assert "unpacked, it has more than" in problem(bomb)
    # The size in the zip's list of files is forged: 10 bytes.
    at = bomb.rindex(b"PK\x01\x02")
    forged = bomb[: at + 24] + struct.pack("<I", 10) + bomb[at + 28 :]
    problem(forged)


def test_a_package_with_too_many_files_or_bytes_is_refused() -> None:
    assert "files" in refused({f"static/{number}.txt": b"" for number in range(MOST_FILES)})
    assert "files" in problem(b"PK\x01\x02" * 10 * (MOST_FILES + 1))
    assert "MB" in problem(bytes(MAX_PACKAGE + 1))


@pytest.mark.parametrize(
    "content", [b"", b"not a zip", b"\x7fELF" + bytes(100), b"PK\x05\x06" + bytes(10), a_study()[:-30]]
)
def test_a_file_that_is_not_a_zip_is_refused(content: bytes) -> None:
    assert "isn't a zip" in problem(content)


def test_a_damaged_zip_is_refused() -> None:
    whole = zipped({**STUDY, "static/a.txt": b"some text"}, zipfile.ZIP_STORED)
    assert "isn't a zip" in problem(whole.replace(b"some text", b"same text", 1))


def test_names_that_are_one_file_on_some_computers_are_refused() -> None:
    assert "twice" in refused({"pages/Welcome.md": b"x"})
    assert "a file and a folder" in refused({"pages": b"x"})
    with pytest.warns(UserWarning, match="Duplicate name"):
        assert "twice" in problem(_doubled())


def _doubled() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in ("experiment.py", "experiment.py"):
            archive.writestr(name, b"x")
    return written.getvalue()


def test_a_folder_inside_the_zip_is_refused_with_what_to_do() -> None:
    assert "not the folder itself" in problem(
        zipped({f"stroop/{name}": data for name, data in STUDY.items()})
    )


@pytest.mark.parametrize("name", ["assets/a.png", "assets/a.mp3", "assets/a.mp4"])
def test_an_asset_that_is_not_what_its_name_says_is_refused(name: str) -> None:
    assert "isn't what its name says" in refused({name: b"<script>alert(1)</script>"})
    if not name.endswith(".png"):
        assert "it is a picture" in refused({name: PNG})


def test_an_encrypted_file_and_another_compression_are_refused() -> None:
    whole = a_study()
    at = whole.index(b"PK\x01\x02")
    assert "encrypted" in problem(whole[: at + 8] + struct.pack("<H", 1) + whole[at + 10 :])
    assert "deflate" in problem(zipped(STUDY, zipfile.ZIP_LZMA))


def test_a_package_is_written_with_files_and_origins_alone() -> None:
    odd = b"#!/bin/sh\n" + zipped({**STUDY, "empty/": b""})
    facts = check_package(odd)
    written = write_package(facts.contents, [ORIGIN])
    assert written == write_package(dict(reversed(facts.contents.items())), [ORIGIN])
    assert written.startswith(b"PK")
    again = check_package(written)
    assert again.contents.keys() == {*STUDY, ORIGIN_FILE}
    assert again.origins == [ORIGIN]


def test_origins_that_exceed_the_limit_of_the_file_are_left_out_from_the_farthest_on() -> None:
    long = dict.fromkeys(("title", "author", "licence", "library", "address", "copied"), "\u05e9" * 500)
    origins = [replace(ORIGIN, number=number, **long) for number in range(1, 51)]
    found = read_origins(write_origins(origins))
    assert 30 < len(found) < 50
    assert found == origins[: len(found)]


def test_an_origin_that_is_not_valid_is_refused() -> None:
    for text in (
        "[[origin",
        "origin = 3",
        "[[origin]]\nentry = 'a'\n",
        "[[origin]]\nentry = 'a'\nnumber = 0\nversion = 1\nsha256 = '" + "a" * 64 + "'",
        "[[origin]]\nentry = 'a'\nnumber = 1\nversion = true\nsha256 = '" + "a" * 64 + "'",
        "[[origin]]\nentry = 'a'\nnumber = 1\nversion = 1\nsha256 = 'x'",
        '[[origin]]\nentry = "a\\u0000b"\nnumber = 1\nversion = 1\nsha256 = "' + "a" * 64 + '"',
        "[[origin]]\nentry = '" + "a" * 501 + "'\nnumber = 1\nversion = 1\nsha256 = '" + "a" * 64 + "'",
        "[[origin]]\n" * 51,
        "#" * 200_001,
    ):
        with pytest.raises(BadRequest) as caught:
            read_origins(text)
        assert caught.value.code == "origin_invalid"
    assert read_origins("") == []
