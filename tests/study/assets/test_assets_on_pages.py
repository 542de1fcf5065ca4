"""Pages that show assets: of the study's folder, and uploaded to the run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import BadRequest
from chalicelib.operations.assets import asset_rows, manage_assets, uploads_of_assets
from chalicelib.operations.assets.asset_rows import AssetRow
from chalicelib.operations.assets.uploads_of_assets import AssetFacts, AssetFile
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.study.assets.uses import uses_of_assets
from chalicelib.study.pages import CompiledPages
from chalicelib.study.study import Study
from infra.pages import compile_folder
from infra.pages.asset_editing import add, listed, remove
from infra.site.source import _assets_of
from petri.study import End, Page, choice
from tests.study.studies import due
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import World

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x28\0\0\0\x1e\x08\2\0\0\0\xc1\x92\x1b\x5e\0\0\0\0IEND\xaeB`\x82"
DOT = "data:image/png;base64,iVBORw0KGgo="


class Faces(Study):
    """One page, with one item."""

    face = choice("Which?", {"a": {"label": "This", "picture": "asset:happy.png"}})
    timeline = (Page("look", ask="face"), End())


def write(folder: Path, files: Mapping[str, str | bytes]) -> CompiledPages:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return compile_folder(folder)


def opened(world: NewWorld, compiled: CompiledPages, tmp_path: Path, **settings: Any) -> World:
    own = type("Faces", (Faces,), {})
    own.use_pages(compiled)
    here = world(own, **settings)
    here.app.files = FolderFiles(tmp_path / "uploads", here.clock)
    return here


def upload(here: World, name: str, content: bytes = PNG, **facts: Any) -> AssetRow:
    def run(operation: Any, *given: Any) -> Any:
        return here.app.run(operation, *given, caller=OPERATOR_CALLER)

    file = AssetFile(name, len(content), hashlib.sha256(content).hexdigest())
    begun = run(uploads_of_assets.begin_upload, file)
    with here.app.files.receive(begun.url.removeprefix(ADDRESS)) as incoming:  # type: ignore[attr-defined]
        incoming.write(content)
        incoming.finish()
    row: AssetRow = run(uploads_of_assets.finish_upload, begun.id, AssetFacts(**facts))
    return row


def test_a_page_shows_a_picture_of_the_folder_with_its_size_and_text(world: NewWorld, tmp_path: Path) -> None:
    described = '["happy.png"]\nalt = "A \\"happy\\" <face>"\n["line.png"]\ndecorative = true\n'
    compiled = write(
        tmp_path / "study",
        {
            "assets/happy.png": PNG,
            "assets/line.png": PNG + b"1",
            "assets/talk.mp3": b"ID3....",
            "assets/assets.toml": described,
            "assets/data.csv": "a,b",
            "pages/look.md": "Look: ![](asset:happy.png) ![A line](asset:line.png)\n\n![](asset:line.png)\n\n"
            '{{ asset("talk.mp3") }}\n',
        },
    )
    assert compiled.problems == ()
    assert CompiledPages.from_json(compiled.to_json()) == compiled
    here = opened(world, compiled, tmp_path)
    said = due(here.arrive())
    html = str(said["html"])
    sha = hashlib.sha256(PNG).hexdigest()[:32]
    address = f"/static/assets/happy-{sha}.png"
    assert (
        f'<img class="asset" src="{address}" alt="A &#34;happy&#34; &lt;face&gt;" loading="lazy" '
        'decoding="async" width="40" height="30">'
    ) in html
    assert 'alt="A line" loading="lazy"' in html
    assert 'alt="" loading="lazy"' in html
    assert '<audio class="asset" src="/static/assets/talk-' in html
    # The item's picture is loaded before the page is shown.
    assert said["preload"] == [address]
    assert f'src="{address}"' in html.split("<fieldset")[1]


def test_the_site_of_a_study_has_its_assets_under_their_hashes(tmp_path: Path) -> None:
    write(tmp_path, {"assets/faces/happy.png": PNG, "experiment.py": "x = 1", "pages/look.md": "Hello"})

    class Loaded:
        folder = tmp_path
        experiment_class = type("Own", (Faces,), {})

    Loaded.experiment_class.use_pages(compile_folder(tmp_path))
    (place,) = _assets_of(Loaded)  # type: ignore[arg-type]
    assert place == f"assets/happy-{hashlib.sha256(PNG).hexdigest()[:32]}.png"


def test_a_page_shows_an_uploaded_picture_until_it_is_deleted(world: NewWorld, tmp_path: Path) -> None:
    compiled = write(tmp_path / "study", {"pages/look.md": "![](asset:happy.png)\n"})
    here = opened(world, compiled, tmp_path, mode="sandbox")
    row = upload(here, "happy.png", alt="A smile", width=4, height=3, blur=DOT)
    assert (row.used_in, row.lacks_alt) == (["pages/look.md"], False)
    html = str(due(here.arrive())["html"])
    assert f'src="{row.address}" alt="A smile"' in html
    assert f'width="4" height="3" style="background:center/cover no-repeat url({DOT})"' in html
    for operation, changed in (
        (manage_assets.delete_asset, {}),
        (manage_assets.describe_asset, {"name": "sad.png"}),
    ):
        with pytest.raises(Exception, match=r"pages/look\.md"):
            here.app.run(operation, row.id, caller=OPERATOR_CALLER, **changed)
    assert here.app.run(asset_rows.read_row, row.id, caller=OPERATOR_CALLER) == row


@pytest.mark.parametrize("mode", ["debug", "sandbox"])
def test_a_missing_asset_is_shown_while_writing_and_is_an_error_later(
    world: NewWorld, tmp_path: Path, mode: str
) -> None:
    class Bare(Study):
        timeline = (Page("look"), End())

    own = type("Bare", (Bare,), {})
    own.use_pages(write(tmp_path, {"pages/look.md": "Hi\n\n![](asset:sad.png)\n"}))
    here = world(own, mode=mode)
    said = here.arrive().get("/page")
    if mode == "debug":
        assert "The asset sad.png is missing." in said["html"]
    else:
        assert "an error has ended the study here" in said["html"]


def test_a_picture_without_alternative_text_is_not_shown(world: NewWorld, tmp_path: Path) -> None:
    here = opened(world, write(tmp_path, {"pages/look.md": "![](asset:happy.png)\n"}), tmp_path)
    upload(here, "happy.png")
    said = here.arrive().get("/page")
    assert (said.status, said.code) == (500, "internal_error")


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"assets/a.png": "<svg></svg>"}, "can contain scripts"),
        ({"assets/a.svg": "<svg></svg>"}, "can contain scripts"),
        ({"assets/A b.png": PNG}, r"rename the file to a-b\.png"),
        ({"assets/assets.toml": "["}, "isn't valid TOML"),
        ({"assets/assets.toml": '["b.png"]\nalt = "x"'}, r"no file 'b\.png'"),
        ({"assets/a.png": PNG, "assets/assets.toml": '["a.png"]\ntitle = "x"'}, "alt and decorative only"),
        ({"assets/a.png": PNG, "assets/assets.toml": f'["a.png"]\nalt = "{"x" * 501}"'}, "500 characters"),
        ({"pages/look.md": "![x](asset:../a.png)"}, "isn't the name of an asset"),
        ({"pages/look.md": "![{{ player.id }}](asset:a.png)"}, "isn't the name of an asset"),
    ],
)
def test_what_is_wrong_with_assets_is_a_problem_with_its_file(
    tmp_path: Path, files: Mapping[str, str | bytes], problem: str
) -> None:
    compiled = write(tmp_path, files)
    with pytest.raises(AssertionError, match=problem):
        assert compiled.problems == ()
    assert [one.file for one in compiled.problems] == [max(files)] or len(files) > 1


def test_a_link_out_of_the_folder_is_not_an_asset(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "study/assets").mkdir(parents=True)
    (tmp_path / "study/assets/a.png").symlink_to(tmp_path / "secret.png")
    assert compile_folder(tmp_path / "study").assets == {}


def test_assets_are_added_listed_and_removed_by_the_command(tmp_path: Path) -> None:
    study, file = tmp_path / "study", tmp_path / "Happy Face.PNG"
    study.mkdir()
    file.write_bytes(PNG)
    assert listed(study) == [f"{study / 'assets'} has no assets."]
    with pytest.raises(Exception, match="--alt TEXT"):
        add(study, file)
    assert "![](asset:happy-face.png)" in add(study, file, alt='A "face"')
    add(study, file, name="b/line.png", is_decorative=True)
    with pytest.raises(Exception, match="exists already"):
        add(study, file, alt="x")
    write(study, {"pages/look.md": "![](asset:happy-face.png)\n"})
    assert listed(study) == [
        "b/line.png  picture  0 kB  decorative  not used",
        'happy-face.png  picture  0 kB  A "face"  used in pages/look.md',
    ]
    with pytest.raises(Exception, match=r"pages/look\.md show happy-face\.png"):
        remove(study, "happy-face.png")
    remove(study, "b/line.png")
    assert (study / "assets/assets.toml").read_text() == '["happy-face.png"]\nalt = "A \\"face\\""\n\n'
    with pytest.raises(Exception, match="no asset"):
        remove(study, "b/line.png")


def test_python_files_of_the_folder_show_assets(tmp_path: Path) -> None:
    code = 'face = choice("Which?", {"a": {"label": "This", "picture": "asset:happy.png"}})'
    compiled = write(
        tmp_path, {"assets/happy.png": PNG, "experiment.py": code, "faces/__init__.py": 'X = "asset:old.png"'}
    )
    uses = {"happy.png": ["experiment.py"], "old.png": ["faces/__init__.py"]}
    assert uses_of_assets(compiled) == uses
    assert uses_of_assets(CompiledPages.from_json(compiled.to_json())) == uses
    with pytest.raises(BadRequest, match=re.escape("experiment.py show happy.png")):
        remove(tmp_path, "happy.png")


def test_the_dashboard_shows_the_pictures_of_the_folder(world: NewWorld, tmp_path: Path) -> None:
    files = {"assets/happy.png": PNG, "assets/talk.mp3": b"ID3....", "pages/look.md": "Look"}
    compiled = write(tmp_path / "study", files)
    here = opened(world, compiled, tmp_path)
    page = DashboardBrowser(here).open("assets")
    address = compiled.assets["happy.png"].address
    picture = f'<img src="{address}" alt="" loading="lazy" decoding="async" width="40" height="30">'
    assert picture in page
    assert '<span class="asset-kind">sound</span>' in page


def test_the_pictures_of_the_folder_are_loaded_from_the_site_of_a_deployed_app(
    world: NewWorld, tmp_path: Path
) -> None:
    compiled = write(tmp_path / "study", {"assets/happy.png": PNG, "pages/look.md": "Look"})
    here = opened(world, compiled, tmp_path)
    here.app.site_url = lambda: "https://site.example.org"
    browser = DashboardBrowser(here)
    said = here.get("/dashboard/assets", {}, headers=browser.headers)
    assert 'src="https://site.example.org/static/assets/happy-' in said.raw.decode()
    assert "img-src 'self' data: https://site.example.org;" in said.headers["content-security-policy"]
