"""A study shares an item bank with other studies: what it takes, what is refused, and what is deployed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.errors import ExperimentError
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.export.study_tables import response_rows
from chalicelib.study.pages import CompiledPages, find_pages
from chalicelib.study.pages.shared_banks import shared_banks
from infra.aws.package.staging import stage
from infra.cli.main import app
from infra.local.debugging.folder_watch import FolderWatch
from infra.packaging.provenance import archive, code_hash, describe, unpack
from infra.packaging.study_codebook import study_codebook
from infra.pages import compile_folder
from petri.study import End, Form, Study, number
from tests.deploy.package.folders import NAMES
from tests.docs.blocks import DOCS, blocks
from tests.study.studies import OpenStudy, answer

BANK = "banks/geography/items/europe.md"
DECLARED = "quiz/items/banks.toml"


def written(folder: Path, **more: str) -> Path:
    """Write the example of docs/items.md; return the study's folder."""
    files = {one.name: one.text for one in blocks(DOCS / "items.md") if one.what == "file"}
    assert {BANK, DECLARED, "quiz/experiment.py"} <= files.keys()
    for name, text in {**files, **more}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "quiz"


def loaded(study: Path) -> LoadedExperiment:
    return load_experiment(study, environ={}, home=study.parent)


def refusal(study: Path) -> str:
    problems = compile_folder(study).problems
    assert len(problems) == 1, problems
    return str(problems[0])


def banked(compiled: CompiledPages) -> list[tuple[str, str]]:
    return [(item.bank, item.name) for page in compiled.bank for item in page.items]


def test_the_documented_study_takes_the_named_items_of_its_bank(tmp_path: Path):
    study = written(tmp_path)
    assert list(loaded(study).experiment_class.items()) == ["capital"]  # type: ignore[attr-defined]
    assert banked(find_pages(study)) == [("geography", "capital")]
    (study / "items" / "banks.toml").write_text('[geography]\nfolder = "../banks/geography"\n')
    assert banked(find_pages(study)) == [("geography", "capital"), ("geography", "countries")]


def test_a_staged_study_contains_its_banks_and_needs_nothing_from_outside(tmp_path: Path):
    study = written(tmp_path)
    before = compile_folder(study)
    staged = stage(study, NAMES, tmp_path / "app", environ={}, home=tmp_path).experiment
    shutil.rmtree(tmp_path / "banks")
    assert (staged / BANK).is_file()
    assert find_pages(staged) == before
    assert list(loaded(staged).experiment_class.items()) == ["capital"]  # type: ignore[attr-defined]


def test_an_archive_contains_its_banks_and_has_the_hash_of_the_study(tmp_path: Path):
    study = written(tmp_path)
    first = loaded(study)
    before, compiled = code_hash(first), compile_folder(study)
    packed = archive(first, describe(first, dependencies={}), tmp_path / "code.zip")
    shutil.rmtree(tmp_path / "banks")
    unpacked = unpack(packed, tmp_path / "again")
    assert compile_folder(unpacked) == compiled
    assert code_hash(loaded(unpacked)) == before
    # An item that is changed in the unpacked copy is compiled again.
    copy = unpacked / BANK
    copy.write_text(copy.read_text().replace("France", "Italy"))
    assert find_pages(unpacked) != compiled


def test_a_change_of_the_bank_changes_the_studys_hash_and_the_version_of_the_item_alone(tmp_path: Path):
    study = written(tmp_path, **{DECLARED: '[geography]\nfolder = "../banks/geography"\n'})
    before = code_hash(loaded(study)), study_codebook(loaded(study).experiment_class)["items"]  # type: ignore[arg-type]
    bank = tmp_path / BANK
    bank.write_text(bank.read_text().replace("27", "28"))
    after = code_hash(loaded(study)), study_codebook(loaded(study).experiment_class)["items"]  # type: ignore[arg-type]
    assert before[0] != after[0]
    assert before[1]["capital"] == after[1]["capital"]
    assert before[1]["capital"]["bank"] == "geography"
    assert before[1]["countries"]["version"] != after[1]["countries"]["version"]


def test_the_order_of_an_items_settings_is_no_new_version(tmp_path: Path):
    study = written(tmp_path)
    (before,) = [item.version for page in compile_folder(study).bank for item in page.items]
    bank = tmp_path / BANK
    text = bank.read_text().replace("right: paris\n", "").replace("options: {", "right: paris\noptions: {")
    bank.write_text(text)
    (after,) = [item.version for page in compile_folder(study).bank for item in page.items]
    assert before == after


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (
            '[geography]\nfolder = "../banks/nowhere"',
            "line 1: The bank geography can't be found: ../banks/nowhere",
        ),
        ('[geography]\nfolder = "../quiz/static"', "can't be found"),
        ('[geography]\nfolder = ".."', "can't be found"),
        ('[geography]\nfolder = "/banks/geography"', "works on this machine only"),
        ('[geography]\nfolder = "~/geography"', "works on this machine only"),
        (
            '[geography]\nfolder = "../banks/geography"\nitem = ["capital"]',
            "has no `item`. Did you mean `items`?",
        ),
        ('[geography]\nfolder = "../banks/geography"\nitems = "capital"', "must be a list of names"),
        ('[geography]\nfolder = "../banks/geography"\nitems = ["capitol"]', "Did you mean 'capital'?"),
        (
            '[geography]\nfolder = "../banks/geography"\nitems = ["capital", "capital"]',
            "names 'capital' twice",
        ),
        ("[geography]\n", "needs the path of its folder"),
        ('geography = "../banks/geography"', "isn't a table"),
        ('["../x"]\nfolder = "../banks/geography"', "can't be the name of a bank"),
        ("[geography", "isn't valid TOML"),
    ],
)
def test_what_is_wrong_with_a_bank_is_said_with_its_line(declared: str, told: str, tmp_path: Path):
    study = written(tmp_path, **{DECLARED: declared})
    said = refusal(study)
    assert said.startswith("items/banks.toml, line 1")
    assert told in said
    assert banked(compile_folder(study)) == [] or "capitol" in declared


def test_a_bank_that_contains_the_study_is_refused(tmp_path: Path):
    study = written(tmp_path, **{"items/own.md": ":::{text} name\nprompt: Name?\n:::\n"})
    (study / "items" / "banks.toml").write_text('[all]\nfolder = ".."\n')
    assert "contains this study" in refusal(study)


def test_a_bank_that_takes_items_of_other_banks_is_refused_so_there_are_no_cycles(tmp_path: Path):
    study = written(tmp_path, **{"banks/geography/items/banks.toml": '[geography]\nfolder = "."\n'})
    assert "takes items of other banks itself" in refusal(study)


def test_a_folder_of_the_study_in_the_place_of_a_banks_copy_is_refused(tmp_path: Path):
    study = written(tmp_path, **{"quiz/banks/geography/items/other.md": ""})
    assert "has a folder banks/geography of its own" in refusal(study)


def test_a_bank_inside_the_study_is_its_own_copy(tmp_path: Path):
    study = written(tmp_path, **{DECLARED: '[geography]\nfolder = "banks/geography"\nitems = ["capital"]\n'})
    shutil.move(tmp_path / "banks", study / "banks")
    assert banked(compile_folder(study)) == [("geography", "capital")]
    staged = stage(study, NAMES, tmp_path / "app", environ={}, home=tmp_path).experiment
    assert find_pages(staged) == compile_folder(study)


def test_a_file_of_a_bank_cant_be_a_link_out_of_it(tmp_path: Path):
    study = written(tmp_path)
    secret = tmp_path / "secret.md"
    secret.write_text("Not for participants.")
    (tmp_path / "banks/geography/items/leak.md").symlink_to(secret)
    assert "../banks/geography/items/leak.md, line 1: The file is a link" in refusal(study)
    assert [path.name for bank in shared_banks(study) for path, _ in bank.files()] == ["europe.md"]


def test_two_items_of_one_name_are_named_with_both_places(tmp_path: Path):
    study = written(tmp_path, **{"quiz/items/own.md": ":::{text} capital\nprompt: Capital?\n:::\n"})
    with pytest.raises(ExperimentError) as raised:
        loaded(study)
    told = (
        "the item 'capital' is defined twice, here and in items/own.md, line 1; rename one, or name the items"
    )
    assert f"banks/geography/items/europe.md, line 1: {told}" in str(raised.value)


def test_an_item_that_the_class_defines_too_is_named_with_its_bank(tmp_path: Path):
    study = written(tmp_path)
    code = study / "experiment.py"
    code.write_text(
        code.read_text()
        .replace("import End,", "import End, text,")
        .replace("    timeline", '    capital = text("?")\n    timeline')
    )
    with pytest.raises(ExperimentError, match="defined by the study and by the bank geography"):
        loaded(study)


def test_a_problem_in_a_bank_names_the_banks_own_file(tmp_path: Path):
    study = written(tmp_path, **{BANK: "A page.\n\n:::{choice} capital\nprompt: [\n:::\n"})
    problems = compile_folder(study).problems
    assert problems[0].file == "../banks/geography/items/europe.md"


def test_a_study_without_pages_has_its_bank_where_nothing_compiles(tmp_path: Path):
    study = written(tmp_path, **{"quiz/items/own.md": ":::{text} name\nprompt: Name?\n:::\n"})
    (study / "items" / "banks.toml").unlink()
    (study / "experiment.py").write_text((study / "experiment.py").read_text().replace("capital", "name"))
    staged = stage(study, NAMES, tmp_path / "app", environ={}, home=tmp_path).experiment
    assert json.loads((staged / "pages.json").read_text())["bank"]


def test_an_answer_is_stored_with_the_version_of_its_item(tmp_path: Path, open_study: OpenStudy):
    compiled = compile_folder(written(tmp_path))

    class Quiz(Study):
        age = number("How old are you?")
        timeline = (Form("europe", ask=["capital", "age"]), End())

        @classmethod
        def use_pages(cls, others: CompiledPages) -> None:
            super().use_pages(replace(others, bank=compiled.bank))

    here = open_study(Quiz)
    answer(here.arrive(), capital="paris", age=30)
    (response,) = here.items("response")
    (version,) = [item.version for page in compiled.bank for item in page.items]
    rows = {row["item"]: row["item_version"] for row in response_rows([response])}
    assert rows == {"capital": version, "age": None}


def test_debug_watches_the_files_of_banks(tmp_path: Path):
    study = written(tmp_path)
    cls = loaded(study).experiment_class
    watch = FolderWatch(study, more=lambda: [path for path, _ in cls.shared_files(study)])
    bank = tmp_path / BANK
    bank.write_text(f"{bank.read_text()}\n")
    watch.changed()
    seen: set[Path] = set()
    while not seen:
        seen |= watch.changed()
    assert seen == {bank}


def test_verify_warns_about_a_bank_of_which_nothing_is_asked(tmp_path: Path):
    study = written(tmp_path, **{"quiz/items/own.md": ":::{text} name\nprompt: Name?\n:::\n"})
    (study / "experiment.py").write_text((study / "experiment.py").read_text().replace("capital", "name"))
    told = CliRunner().invoke(app, ["verify", str(study)]).output
    assert "the study asks no item of the bank geography" in " ".join(told.split())


def test_the_command_lists_items_and_the_studies_that_take_them(tmp_path: Path):
    study = written(tmp_path)
    version = next(item.version for page in compile_folder(study).bank for item in page.items)
    bank = str(tmp_path / "banks" / "geography")
    done = CliRunner().invoke(app, ["bank", bank, "--studies", str(tmp_path)])
    assert done.exit_code == 0
    told = " ".join(done.output.split())
    assert f"capital (choice, version {version}), taken by quiz" in told
    assert "taken by no study How many countries" in told
    (study / "items" / "banks.toml").write_text('[geography]\nfolder = "../banks/old"\n')
    moved = CliRunner().invoke(app, ["bank", bank, "--studies", str(tmp_path)])
    assert moved.exit_code == 1
    assert "quiz/items/banks.toml, line 1: The bank geography can't be found" in " ".join(
        moved.output.split()
    )


def test_a_folder_without_items_is_no_bank(tmp_path: Path):
    done = CliRunner().invoke(app, ["bank", str(tmp_path)])
    assert done.exit_code == 1
    assert "Name the folder of an item bank" in " ".join(done.output.split())
