"""`petri.data`, which reads exports for analysis."""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import TABLES as EXPORTED
from chalicelib.export import write_zip
from chalicelib.model.question import Question
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from petri.data import Data, DataError, MalformedTableError, Report, Table
from tests.unit.export.runs import STRANGE, a_run, at_minute

ROOT = Path(__file__).parents[3]

TABLES = [
    "infos",
    "networks",
    "nodes",
    "notifications",
    "participants",
    "payments",
    "questions",
    "recruitments",
    "transformations",
    "transmissions",
    "vectors",
]
FORMATS = ["csv", "dict", "df", "html", "latex", "list", "ods", "tsv", "xlsx", "yaml"]


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    engine = SQLiteEngine(folder / "run.sqlite")
    a_run(engine)
    yield write_zip(engine, folder, app_id="run", scrub=False)
    engine.close()


@pytest.fixture
def data(zipped: Path) -> Data:
    return Data(zipped)


def a_table(folder: Path, text: str, name: str = "info.csv") -> Table:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return Table(path)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("table", TABLES)
def test_every_table_comes_in_every_format(data: Data, table: str, format_: str) -> None:
    assert len(getattr(getattr(data, table), format_)) > 0


def test_the_csv_is_that_of_the_export(data: Data, zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as archive:
        assert data.participants.csv == archive.read("data/participant.csv").decode()


def test_a_folder_is_read_like_its_zip(zipped: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path)
    assert Data(tmp_path).infos.list == Data(zipped).infos.list


def test_one_file_is_read_as_a_table(data: Data, tmp_path: Path) -> None:
    assert a_table(tmp_path, data.infos.csv).list == data.infos.list


def test_a_row_has_typed_values(data: Data) -> None:
    row = data.participants.dict[1]
    assert (row["id"], row["failed"], row["base_pay"], row["details"]) == (1, False, 1.5, {})


def test_an_empty_text_is_not_null(data: Data) -> None:
    assert [row["response"] for row in data.questions if row["number"] == 2] == ["", "", ""]


def test_ids_stay_whole_numbers_where_some_are_missing(data: Data) -> None:
    assert str(data.nodes.df["participant_id"].dtype) == "Int64"


def test_ids_are_plain_whole_numbers_elsewhere(data: Data) -> None:
    assert data.infos.df["id"].tolist()[0] == 10_000_100_001


def test_times_are_datetimes_in_utc(data: Data) -> None:
    assert data.networks.df["creation_time"].max() == datetime(2024, 5, 17, 9, 30, tzinfo=UTC)


def test_missing_times_are_missing(data: Data) -> None:
    assert data.participants.df["end_time"].isna().tolist() == [False, False, True]


def test_failed_can_be_used_as_a_filter(data: Data) -> None:
    nodes = data.nodes.df
    assert nodes[~nodes.failed]["id"].tolist() == [100_001, 100_002, 100_004]


def test_a_frame_of_no_rows_has_the_same_types(tmp_path: Path) -> None:
    frame = a_table(tmp_path, "id,creation_time,failed\n").df
    assert [str(kind) for kind in frame.dtypes] == ["int64", "datetime64[us, UTC]", "bool"]


def test_a_workbook_holds_what_the_table_holds(data: Data) -> None:
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(data.infos.xlsx)).active
    found = [row for row in sheet.iter_rows(values_only=True) if row[0] == 10_000_200_003]
    assert [(row[1], row[14].replace("_x000D_", "\r").replace("\r\n", "\n")) for row in found] == [
        (data.infos.dict[10_000_200_003]["creation_time"], f"{STRANGE} 1".replace("\r\n", "\n"))
    ]


def test_a_text_that_looks_like_a_formula_stays_a_text_in_a_workbook(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    table = a_table(tmp_path, "id,contents\n1,=1+1\n")
    sheet = load_workbook(io.BytesIO(table.xlsx)).active
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1", "s")


#: Answers that pandas takes for missing values, and texts that a spreadsheet takes for formulas.
STUBBORN = ["NA", "None", "null", "nan", "N/A", "#N/A", "-1", "=1+1", "+1", "-x", "@SUM(A1)", "\tx", "'=1"]


def stubborn(folder: Path) -> Table:
    rows = "".join(f"{number},{text},\n" for number, text in enumerate(STUBBORN, start=1))
    return a_table(folder, f"id,contents,creation_time\n{rows}")


def test_the_pandas_recipe_of_the_documents_keeps_every_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn(tmp_path)
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"```python\n(import pandas\n\nas_written.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    said: dict[str, Any] = {}
    exec(recipe.replace(', "time_of_death"', ""), said)  # noqa: S102 - what the page tells people to write
    assert said["infos"].contents.tolist() == STUBBORN
    assert said["infos"].creation_time.isna().all()


@pytest.mark.parametrize(("format_", "engine"), [("xlsx", "openpyxl"), ("ods", "odf")])
def test_pandas_reads_each_spreadsheet_with_every_answer(tmp_path: Path, format_: str, engine: str) -> None:
    import pandas as pd

    written = getattr(stubborn(tmp_path), format_)
    found = pd.read_excel(io.BytesIO(written), engine=engine, keep_default_na=False, na_values=[""])
    wanted = STUBBORN
    if format_ == "ods":
        # pandas reads one word as missing from .ods and leaves tabs out, whatever options it is given.
        found.loc[found.contents.isna(), "contents"] = "#N/A"
        wanted = [word.replace("\t", "") for word in STUBBORN]
    assert found.contents.tolist() == wanted
    assert found.id.tolist() == [*range(1, len(STUBBORN) + 1)]


def test_every_format_of_one_table_says_the_same_to_pandas(data: Data) -> None:
    import pandas as pd

    written = {"engine": "odf", "keep_default_na": False, "na_values": [""]}
    ods = pd.read_excel(io.BytesIO(data.participants.ods), **written)
    xlsx = pd.read_excel(io.BytesIO(data.participants.xlsx), **{**written, "engine": "openpyxl"})
    pd.testing.assert_frame_equal(ods, xlsx)


def test_a_workbook_of_a_run_has_a_sheet_for_each_table(data: Data) -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data.xlsx))
    assert book.sheetnames == list(EXPORTED)
    assert book["info"].max_row == len(data.infos) + 1


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_csv_with_another_separator_is_read(tmp_path: Path, separator: str) -> None:
    rows = [
        ["id", "contents", "failed"],
        ["1", '"one, two; three"', "False"],
        ["2", '""', "True"],
        ["3", "", ""],
    ]
    table = a_table(tmp_path, "\n".join(separator.join(row) for row in rows))
    assert [row["contents"] for row in table.list] == ["one, two; three", "", None]
    assert table.columns == ["id", "contents", "failed"]


def test_an_excel_safe_export_has_no_cell_that_begins_like_a_formula(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_run(engine)
    with at_minute(engine, 90) as work:
        for number, text in enumerate(STUBBORN, start=10):
            Question(work.participant(1), "q", text, number)
        work.commit()
    engine_safe = Data(write_zip(engine, tmp_path / "safe.zip", app_id="run", excel_safe=True))
    plain = Data(write_zip(engine, tmp_path / "plain.zip", app_id="run"))
    with zipfile.ZipFile(engine_safe.path) as archive:
        cells = [
            cell
            for name in archive.namelist()
            if name.endswith(".csv")
            for row in csv.reader(io.StringIO(archive.read(name).decode(), newline=""))
            for cell in row
        ]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert "'=1+1" in cells
    assert engine_safe.manifest["excel_safe"] is True
    assert engine_safe.questions.list == plain.questions.list
    assert engine_safe.infos.list == plain.infos.list
    engine.close()


@pytest.mark.parametrize("format_", ["xlsx", "ods"])
def test_characters_that_a_spreadsheet_lacks_are_replaced(tmp_path: Path, format_: str) -> None:
    table = a_table(tmp_path, "id,contents\n1,a\x00\x1bb\n")
    with zipfile.ZipFile(io.BytesIO(getattr(table, format_))) as archive:
        sheets = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml"))
    assert "a\ufffd\ufffdb" in sheets


def test_a_text_too_long_for_a_cell_is_cut_with_a_warning(tmp_path: Path) -> None:
    table = a_table(tmp_path, f"id,contents\n1,{'x' * 40_000}\n")
    with pytest.warns(UserWarning, match="The csv has them whole"):
        assert len(table.xlsx) > 0


def test_html_is_escaped(tmp_path: Path) -> None:
    assert "<script>" not in a_table(tmp_path, "id,contents\n1,<script>\n").html


def test_false_and_zero_show_in_latex(tmp_path: Path) -> None:
    assert "0 & False" in a_table(tmp_path, "number,failed\n0,False\n").latex


def test_the_old_excel_format_names_the_new_one(data: Data) -> None:
    with pytest.raises(DataError, match=r"Use \.xlsx"):
        _ = data.infos.xls


def test_networks_come_as_a_graph_with_nodes_vectors_and_transmissions(data: Data) -> None:
    graph = data.graph()
    assert dict(graph.nodes(data="participant_id")) == {
        row["id"]: row["participant_id"] for row in data.nodes.list
    }
    assert set(graph.edges) == {(row["origin_id"], row["destination_id"]) for row in data.vectors.list}
    sent = [one for _, _, all_ in graph.edges(data="transmissions") for one in all_]
    assert sorted(one["id"] for one in sent) == sorted(row["id"] for row in data.transmissions.list)
    assert {one["contents"] for one in sent} <= {row["contents"] for row in data.infos.list}
    assert sum(len(infos) for _, infos in graph.nodes(data="infos")) == len(data.infos)
    assert list(graph.graph["networks"].values()) == data.networks.list
    assert len(sent) > 0


def test_one_network_comes_as_a_graph(data: Data) -> None:
    first = data.networks.list[0]["id"]
    graph = data.graph(first)
    assert set(graph.nodes) == {row["id"] for row in data.nodes.list if row["network_id"] == first}
    with pytest.raises(DataError, match="There is no network 999 in"):
        data.graph(999)


def test_a_graph_without_networkx_names_what_to_install(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(DataError, match=r"networkx isn't installed.*pip install 'petri\[data\]'"):
        data.graph()


def test_a_missing_library_names_what_to_install(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tablib", None)
    with pytest.raises(DataError, match=r"pip install 'petri\[data\]'"):
        _ = data.infos.html


def test_reading_needs_no_extra_library(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tablib", None)
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert len(data.infos.list) == len(data.infos)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv can't be read"):
        Table(tmp_path / "none.csv")


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "info.csv").write_bytes(b"id\n\xff\n")
    with pytest.raises(DataError, match="UTF-8"):
        Table(tmp_path / "info.csv")


def test_a_malformed_file_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MalformedTableError, match=r"info\.csv, line 3: id should be a whole number"):
        a_table(tmp_path, "id\n1\nx\n")


def test_a_table_without_ids_has_no_dictionary(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"use \.list"):
        _ = a_table(tmp_path, "a\n1\n").dict


def test_a_missing_table_is_named_when_it_is_used(tmp_path: Path) -> None:
    a_table(tmp_path, "id\n1\n")
    with pytest.raises(DataError, match=r"lacks node\.csv"):
        _ = Data(tmp_path).nodes


DALLINGER = {
    "info": "id,creation_time,property1,failed,time_of_death,type,origin_id,network_id,contents\n"
    '7,2017-01-01 12:00:00.000,,t,2017-01-02 12:00:00,base,3,1,""\n',
    "participant": "id,creation_time,failed,recruiter_id,worker_id,bonus\n"
    "1,2017-01-01 12:00:00,False,mturk,1,\n",
}


@pytest.fixture
def old(tmp_path: Path) -> Data:
    path = tmp_path / "old-data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in DALLINGER.items():
            archive.writestr(f"data/{name}.csv", text)
    return Data(path)


def test_dallingers_tables_are_typed_too(old: Data) -> None:
    (row,) = old.infos.list
    expected: dict[str, Any] = {"id": 7, "creation_time": "2017-01-01T12:00:00.000000Z", "failed": True}
    assert {name: row[name] for name in expected} == expected


def test_a_table_that_dallinger_did_not_have_is_empty(old: Data) -> None:
    assert (len(old.payments), old.payments.df.shape[0]) == (0, 0)


def test_a_report_is_one_file_with_a_title(tmp_path: Path) -> None:
    path = Report("Drift & more", ["a < b"], "<p>bent</p>").save(tmp_path / "new" / "report.html")
    assert "<title>Drift &amp; more</title>" in path.read_text(encoding="utf-8")


def test_a_report_that_is_a_whole_page_is_unchanged() -> None:
    page = "<!doctype html><html><title>x</title></html>"
    assert Report("x", [], page).page == page


def test_a_report_without_html_shows_its_lines() -> None:
    assert "<pre>a &lt; b</pre>" in Report("x", ["a < b"]).page
