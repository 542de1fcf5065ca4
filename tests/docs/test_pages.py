"""What holds for every page: its links lead somewhere, its Python is Python, its experiments can be run."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from petri.data import Data

from .blocks import DOCS, ROOT, blocks, prose
from .shell import Reader

PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
LINKS = [
    pytest.param(page, target, id=f"{page.name}-{target}")
    for page in PAGES
    for target in dict.fromkeys(re.findall(r"\]\(([^)#\s]+)\)", prose(page)))
    if "://" not in target
]
ANCHORS = [
    pytest.param(page, file, anchor, id=f"{page.name}-{file}#{anchor}")
    for page in PAGES
    for file, anchor in dict.fromkeys(re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", prose(page)))
]
#: Pages whose Python runs in tests of their own.
RUN_ELSEWHERE = frozenset({"api.md", "data.md", "while-writing.md"})
SNIPPETS = [
    pytest.param(block.text, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page))
    if block.language == "python" and not block.what and page.name not in RUN_ELSEWHERE
]
BOT = """

class Bot(HighPerformanceBotBase):
    def participate(self):
        self.create_info(self.create_agent()["id"], "Here I am.")


class Rings(Experiment):
    experiment_repeats = 1

    def create_network(self):
        return Ring(max_size=3)
"""


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_a_link_leads_to_a_file_of_the_repository(page: Path, target: str):
    assert (page.parent / target).exists()


@pytest.mark.parametrize(("page", "file", "anchor"), ANCHORS)
def test_a_link_to_a_heading_leads_to_one(page: Path, file: str, anchor: str):
    there = page.parent / file if file else page
    headings = re.findall(r"^#+ (.*)$", prose(there), re.MULTILINE)
    assert anchor in {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_each_document_is_on_the_map(page: Path):
    assert page.name == "index.md" or f"({page.name})" in (DOCS / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", SNIPPETS)
def test_a_piece_of_python_defines_what_it_shows(text: str):
    # Without the future imports of this file: a snippet is read as a file of an author.
    code = compile(text, "snippet", "exec", dont_inherit=True)
    exec(code, {"__name__": "snippet"})  # noqa: S102 - our own documents


@pytest.mark.e2e
def test_the_python_of_the_data_page_reads_a_run(tmp_path: Path):
    reader = Reader(tmp_path)
    ran = reader.run(
        f"petri debug {ROOT / 'demos/pushbutton'} --bots 2 --seed 1 --exit --no-browser --id 3f2c"
    )
    assert ran.returncode == 0, ran.stderr
    with zipfile.ZipFile(tmp_path / "data" / "3f2c-data.zip") as archive:
        (tmp_path / "info.csv").write_bytes(archive.read("data/info.csv"))
    texts = [
        block.text.replace("100002", "100001")
        for block in blocks(DOCS / "data.md")
        if block.language == "python"
    ]
    (tmp_path / "snippets.py").write_text("\n".join(texts), encoding="utf-8")
    ended = reader.run("python snippets.py")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.e2e
def test_the_ring_of_the_documents_closes(tmp_path: Path):
    (ring,) = [block.text for block in blocks(DOCS / "networks.md") if "class Ring" in block.text]
    folder = tmp_path / "rings"
    folder.mkdir()
    ring = ring.replace("import Network", "import Experiment, HighPerformanceBotBase, Network")
    (folder / "experiment.py").write_text(ring + BOT, encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\n", encoding="utf-8")
    (folder / "README.md").write_text("# Rings\n", encoding="utf-8")
    ended = Reader(tmp_path).run("petri debug rings --bots 3 --seed 1 --exit --no-browser --id ring")
    assert ended.returncode == 0, ended.stderr
    vectors = Data(tmp_path / "data" / "ring-data.zip").vectors.list
    pairs = [(each["origin_id"] - 100000, each["destination_id"] - 100000) for each in vectors]
    assert sorted(pairs) == [(1, 2), (2, 3), (3, 1)]
