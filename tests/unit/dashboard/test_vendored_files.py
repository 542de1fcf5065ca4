"""The vendored files of the dashboard are those that their table names."""

from __future__ import annotations

from tests.tools.dashboard.vendored_files import FOLDER, TABLE, digest, read_table


def test_every_vendored_file_is_the_release_that_the_table_names() -> None:
    rows = read_table()
    there = {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*") if file.is_file()}
    assert there - {TABLE.name} == {row.file for row in rows}
    assert {row.file: row.sha256 for row in rows} == {row.file: digest(FOLDER / row.file) for row in rows}


def test_every_vendored_project_has_its_licence_beside_it() -> None:
    rows = read_table()
    assert {row.package for row in rows} == {row.package for row in rows if row.file.endswith("LICENSE.txt")}
    assert all(row.licence for row in rows)
