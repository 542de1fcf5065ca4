from __future__ import annotations

import csv
import io
import json
import re
import signal
import sqlite3
import stat
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from openpyxl import load_workbook

from chalicelib.version import VERSION
from tests.unit.cli.study import petri, serving, write_study

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study in it, and one finished run of four bots."""
    root = tmp_path_factory.mktemp("work")
    write_study(root / "whispers")
    done = petri(root, "debug", "whispers", "--bots", "4", "--seed", "7", "--exit", "--id", "first")
    (root / "stdout").write_text(done.stdout, encoding="utf-8")
    (root / "stderr").write_text(done.stderr, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return root


def contents(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        rows = csv.DictReader(io.StringIO(opened.read("data/info.csv").decode()))
        return [row["contents"] for row in rows]


def lines_until(process: object, word: str) -> str:
    while word not in (line := process.stdout.readline()):
        assert line, "the program ended without saying it"
    return line.strip()


def test_bots_run_the_experiment_to_its_end(folder: Path) -> None:
    said = (folder / "stdout").read_text()
    assert "approved" in said
    assert "Networks filled: 1 of 1" in said


def test_progress_is_printed_in_plain_lines_without_a_terminal(folder: Path) -> None:
    assert "participants 4/4" in (folder / "stderr").read_text()


def test_the_data_is_exported_and_its_path_printed(folder: Path) -> None:
    assert str(folder / "data" / "first-data.zip") in (folder / "stdout").read_text()
    assert len(contents(folder / "data" / "first-data.zip")) == 5


def test_the_experiments_own_analysis_is_printed_and_saved(folder: Path) -> None:
    assert "What came out\n5 infos" in (folder / "stdout").read_text()
    page = (folder / "data" / "first-report.html").read_text()
    assert "<p>words</p>" in page
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert facts.pop("Date").endswith(str(datetime.now(UTC).year))
    assert facts == {
        "Experiment": "whispers",
        "Run": "first",
        "Participants": "4 bots",
        "Seed": "7",
        "Petri": VERSION,
    }


def test_the_manifest_holds_settings_but_no_secret(folder: Path) -> None:
    with zipfile.ZipFile(folder / "data" / "first-data.zip") as opened:
        manifest = json.loads(opened.read("manifest.json"))
    assert manifest["settings"]["title"] == "Whispers"
    assert not [name for name in manifest["settings"] if "password" in name]


def test_the_manifest_describes_the_run(folder: Path) -> None:
    with zipfile.ZipFile(folder / "data" / "first-data.zip") as opened:
        manifest = json.loads(opened.read("manifest.json"))
    assert manifest["petri"] == manifest["versions"]["petri"] == VERSION


def test_the_exported_code_makes_the_same_run_again(folder: Path, tmp_path: Path) -> None:
    archive = str(folder / "data" / "first-data.zip")
    done = petri(tmp_path, "debug", archive, "--bots", "4", "--seed", "7", "--exit", "--id", "again")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "data" / "again-data.zip") == contents(folder / "data" / "first-data.zip")


def test_the_log_holds_a_line_for_each_request(folder: Path) -> None:
    lines = (folder / "runs" / "first.log").read_text().splitlines()
    routes = [json.loads(line).get("route") for line in lines if line.startswith("{")]
    assert routes.count("/info/{node_id}") == 4


def test_the_same_seed_gives_the_same_run(folder: Path) -> None:
    petri(folder, "debug", "whispers", "--bots", "4", "--seed", "7", "--exit", "--id", "again")
    assert contents(folder / "data" / "again-data.zip") == contents(folder / "data" / "first-data.zip")


def test_summary_counts_a_finished_run(folder: Path) -> None:
    said = petri(folder, "summary", "--app", "first").stdout
    assert "approved" in said
    assert "Yield: 100%" in said


def test_export_writes_a_run_again_with_names_when_asked(folder: Path) -> None:
    printed = petri(folder, "export", "--app", "first", "--no-scrub").stdout.strip()
    with zipfile.ZipFile(printed) as opened:
        rows = list(csv.DictReader(io.StringIO(opened.read("data/participant.csv").decode())))
    assert all(row["unique_id"] == f"{row['worker_id']}:{row['assignment_id']}" for row in rows)


def test_export_writes_a_workbook_when_asked(folder: Path) -> None:
    archive, workbook = petri(folder, "export", "--app", "first", "--xlsx", "--excel-safe").stdout.split()
    with zipfile.ZipFile(archive) as opened:
        assert json.loads(opened.read("manifest.json"))["excel_safe"] is True
    book = load_workbook(workbook)
    assert [cell.value for cell in book["info"]["O"]][1:] == contents(Path(archive))


def test_a_person_gets_a_link_that_works(folder: Path) -> None:
    with serving(folder, "debug", "whispers", "--no-browser", "--port", "0", "--id", "person") as (
        process,
        url,
    ):
        link = lines_until(process, "/ad?")
        assert link.startswith(f"{url}/ad?recruiter=hotair&assignmentId=debug")
        assert requests.get(link, timeout=10).headers["content-type"].startswith("text/html")


def test_ctrl_c_ends_a_run_and_exports_its_data(folder: Path) -> None:
    with serving(folder, "debug", "whispers", "--no-browser", "--port", "0", "--id", "ended") as (process, _):
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    assert str(folder / "data" / "ended-data.zip") in said


def test_a_run_continues_after_it_was_killed(folder: Path) -> None:
    words = ("debug", "whispers", "--no-browser", "--port", "0", "--id", "killed")
    with serving(folder, *words):
        assert petri(folder, "bot", "whispers", "--app", "killed").returncode == 0
    with serving(folder, *words) as (_, url):
        before = dict(requests.get(f"{url}/summary", timeout=10).json()["summary"])
        petri(folder, "bot", "whispers", "--app", "killed", "--number", "3", "--at-once", "1")
        after = requests.get(f"{url}/summary", timeout=10).json()
    assert sum(before.values()) == 1
    assert after["unfilled_networks"] == 0


def test_a_restarted_run_has_the_same_operators_token(folder: Path) -> None:
    words = ("debug", "whispers", "--no-browser", "--port", "0", "--id", "token")
    tokens = []
    for _ in range(2):
        with serving(folder, *words) as (process, _):
            tokens.append(lines_until(process, "Operator's token"))
    assert tokens[0] == tokens[1]


def test_the_dashboard_opens_by_the_printed_link_and_by_one_that_is_made_later(folder: Path) -> None:
    with serving(folder, "debug", "whispers", "--no-browser", "--port", "0", "--id", "watched") as (
        process,
        _,
    ):
        printed = lines_until(process, "Dashboard:").split()[1]
        made = petri(folder, "dashboard", "watched", "--no-browser").stdout.strip()
        for link in (printed, made):
            assert "Open the dashboard" in requests.get(link, timeout=10).text
    refused = petri(folder, "dashboard", "watched", "--no-browser")
    assert (refused.returncode, "--id watched" in refused.stderr) == (1, True)


def test_links_are_given_through_a_proxy(folder: Path) -> None:
    words = ("debug", "whispers", "--no-browser", "--port", "0", "--proxy", "4242", "--id", "proxied")
    with serving(folder, *words) as (process, url):
        assert url == "http://127.0.0.1:4242"
        assert lines_until(process, "/ad?").startswith(url)


def test_bots_come_when_the_experiment_asks_for_them(folder: Path) -> None:
    with serving(folder, "debug", "whispers", "--bot", "--port", "0", "--id", "asked") as (_, url):
        with closing(sqlite3.connect(folder / "runs" / "asked.sqlite")) as run:
            while run.execute("SELECT count(*) FROM participant WHERE status = 'approved'").fetchone()[0] < 4:
                requests.get(f"{url}/summary", timeout=10)
        assert requests.get(f"{url}/summary", timeout=10).json()["unfilled_networks"] == 0


def test_the_dynamodb_engine_gives_the_same_run(folder: Path) -> None:
    words = ("--bots", "4", "--seed", "7", "--exit", "--engine", "moto", "--id", "moto")
    done = petri(folder, "debug", "whispers", *words)
    assert done.returncode == 0, done.stderr
    assert contents(folder / "data" / "moto-data.zip") == contents(folder / "data" / "first-data.zip")


def test_an_export_can_be_loaded_and_served_again(folder: Path) -> None:
    archive = str(folder / "data" / "first-data.zip")
    loaded = petri(folder, "load", archive, "whispers", "--exit", "--id", "loaded")
    assert "4 participant" in loaded.stdout
    with serving(folder, "debug", "whispers", "--no-browser", "--port", "0", "--id", "loaded") as (_, url):
        assert requests.get(f"{url}/summary", timeout=10).json()["summary"] == [["approved", 4]]


def test_an_export_is_not_loaded_into_a_run_that_has_data(folder: Path) -> None:
    archive = str(folder / "data" / "first-data.zip")
    refused = petri(folder, "load", archive, "whispers", "--exit", "--id", "first")
    assert refused.returncode == 1
    assert "now:   Load into a new one, under another id." in refused.stderr


def test_exit_without_bots_is_refused(folder: Path) -> None:
    refused = petri(folder, "debug", "whispers", "--exit")
    assert refused.returncode == 1
    assert "set their number with --bots" in refused.stderr.lower()


def test_a_taken_port_is_reported_in_three_lines(folder: Path) -> None:
    with serving(folder, "debug", "whispers", "--no-browser", "--port", "0", "--id", "holder") as (_, url):
        port = url.rsplit(":", 1)[-1]
        refused = petri(folder, "debug", "whispers", "--no-browser", "--port", port, "--id", "late")
    assert refused.returncode == 1
    assert [line.split(":")[0] for line in refused.stderr.splitlines()] == ["where", "what", "now"]


def test_a_broken_experiment_is_reported_with_file_and_line(folder: Path) -> None:
    broken = write_study(folder / "broken")
    (broken / "experiment.py").write_text("from petri import Experiment\nclass E(Experiment)\n    pass\n")
    refused = petri(folder, "debug", "broken", "--no-browser")
    assert refused.returncode == 1
    assert "experiment.py, line 2" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_failing_setup_is_reported_and_nothing_is_left_running(folder: Path) -> None:
    failing = write_study(folder / "failing")
    (failing / "experiment.py").write_text(
        "from petri import Experiment\n\n\nclass E(Experiment):\n    def setup(self):\n        1 / 0\n"
    )
    refused = petri(folder, "debug", "failing", "--no-browser", "--port", "0", "--id", "failing")
    assert refused.returncode == 1
    assert "ZeroDivisionError: division by zero" in refused.stderr
    assert "experiment.py, line 6" in refused.stderr
    assert refused.stderr.count("Traceback") == 1
    assert not (folder / "runs" / "failing.running").exists()


def test_the_export_contains_nothing_that_only_the_operator_may_see(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "runs" / "first.sqlite")) as run:
        (secret,) = run.execute(
            "SELECT json_extract(body, '$.secret') FROM item WHERE kind = 'secrets'"
        ).fetchone()
    with zipfile.ZipFile(folder / "data" / "first-data.zip") as opened:
        assert not [name for name in opened.namelist() if secret.encode() in opened.read(name)]


def test_a_runs_file_is_its_owners_alone(folder: Path) -> None:
    assert stat.S_IMODE((folder / "runs").stat().st_mode) == 0o700
