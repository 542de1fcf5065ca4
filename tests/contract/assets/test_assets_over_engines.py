"""Assets over both engines: stored once, within the quota, deleted, restored and removed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from chalicelib.access.rights import ROLES, VIEWER, Actor
from chalicelib.errors import BadRequest, Forbidden, InvalidField, InvalidState, NotFound, PetriError, Refused
from chalicelib.model import keys
from chalicelib.operations.assets import asset_rows, manage_assets, uploads_of_assets
from chalicelib.operations.assets.asset_rows import RESTORABLE_FOR, AssetRow
from chalicelib.operations.assets.uploads_of_assets import RESERVED_FOR, AssetFacts, AssetFile
from chalicelib.operations.shared.context import caller_of
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from tests.contract.assets.gallery import FACTS, MP3, Gallery, picture
from tests.contract.factories import at_once, refusals
from tests.tools.engines import Crash, FailingEngine
from tests.web.clock import HandClock


@pytest.fixture
def gallery(engine: Engine, tmp_path: Path) -> Gallery:
    return Gallery(engine, tmp_path)


@pytest.fixture
def local(sqlite: Engine, tmp_path: Path) -> Gallery:
    return Gallery(sqlite, tmp_path)


def test_an_upload_is_stored_described_and_counted(gallery: Gallery) -> None:
    content = picture()
    begun = gallery.begin("Happy Face.PNG", content)
    assert gallery.quota().reserved == 1000
    gallery.post(begun, content)
    row = gallery.finish(begun, AssetFacts("A smile", width=40, height=30))
    assert (row.name, row.group, row.media_type, row.size) == ("happy-face.png", "picture", "image/png", 1000)
    assert (row.alt, row.width, row.height, row.created_by) == ("A smile", 40, 30, "operator")
    assert gallery.content(row) == content
    assert (gallery.quota().used, gallery.quota().reserved, gallery.quota().count) == (1000, 0, 1)
    assert gallery.do(asset_rows.read_row, row.id) == row
    with pytest.raises(NotFound, match="no such upload"):
        gallery.finish(begun)


def test_the_same_content_is_stored_once(gallery: Gallery) -> None:
    content = picture()
    first, second = gallery.begin("a.png", content), gallery.begin("b.png", content)
    for begun in (first, second):
        gallery.post(begun, content)
    row = gallery.finish(first)
    assert gallery.finish(second).name == "a.png"
    known = gallery.begin("c.png", content)
    assert (known.url, known.asset) == ("", row)
    assert (gallery.names(), gallery.quota().used, gallery.quota().reserved) == (["a.png"], 1000, 0)


def test_thirty_two_uploads_at_once_do_not_exceed_the_quota(crowded: Engine, tmp_path: Path) -> None:
    gallery = Gallery(crowded, tmp_path, assets_quota_mb=1)
    size = 100_000
    contents = [picture(number, size) for number in range(32)]

    def upload(number: int) -> AssetRow:
        return gallery.upload(f"{number}.png", contents[number])

    results = at_once([partial(upload, number) for number in range(32)])
    stored = [one for one in results if isinstance(one, AssetRow)]
    # An upload that is retried too often is answered with 503 and can be sent again; none exceeds the quota.
    assert set(refusals(results)) <= {"assets_full", "busy"}
    for number, one in enumerate(results):
        if isinstance(one, PetriError) and one.code == "busy" and len(stored) < 10:
            stored.append(upload(number))
    assert len(stored) == 10
    assert (gallery.quota().used, gallery.quota().count) == (10 * size, 10)
    assert len(gallery.names()) == 10
    with pytest.raises(InvalidState, match=r"0\.0 MB of the quota"):
        gallery.upload("one-more.png", picture(99))


def test_an_upload_above_the_quota_is_refused_before_it_begins(sqlite: Engine, tmp_path: Path) -> None:
    local = Gallery(sqlite, tmp_path, assets_quota_mb=0)
    with pytest.raises(InvalidState) as caught:
        local.begin("a.png", picture())
    assert caught.value.code == "assets_full"
    assert local.quota().reserved == 0


def test_a_reservation_ends_and_a_cancelled_upload_gives_its_space_back(local: Gallery) -> None:
    clock = local.app.clock = HandClock(local.app.clock.now())
    begun = local.begin("a.png", picture(1))
    local.do(uploads_of_assets.cancel_upload, begun.id)
    assert local.quota().reserved == 0
    late = local.begin("b.png", picture(2))
    clock.turn(seconds=RESERVED_FOR.total_seconds())
    assert local.quota().reserved == 0
    for operation in (uploads_of_assets.cancel_upload, partial(uploads_of_assets.finish_upload, facts=FACTS)):
        with pytest.raises(NotFound):
            local.do(operation, late.id)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "asset_type"),
        (b"<!doctype html><script>alert(1)</script>", "asset_type"),
        (b"MZ" + bytes(60), "asset_type"),
        (picture(0, 20_000_001), "asset_too_large"),
    ],
)
def test_a_file_that_is_not_a_picture_whatever_its_name_is_not_published(
    local: Gallery, content: bytes, code: str, tmp_path: Path
) -> None:
    begun = local.begin("face.png", content)
    local.post(begun, content)
    with pytest.raises(BadRequest) as caught:
        local.finish(begun)
    assert caught.value.code == code
    assert local.names() == []
    assert not list(tmp_path.glob("published/*"))


def test_a_file_that_has_not_arrived_can_not_be_finished(local: Gallery) -> None:
    begun = local.begin("a.png", picture())
    with pytest.raises(InvalidState, match="hasn't arrived"):
        local.finish(begun)
    local.post(begun, picture())
    assert local.finish(begun).name == "a.png"


@pytest.mark.parametrize(
    "wrong",
    [
        AssetFile("...", 10, "0" * 64),
        AssetFile("a.png", 0, "0" * 64),
        AssetFile("a.png", 10, "xyz"),
        AssetFile("a.png", 200_000_001, "0" * 64),
        AssetFile("x" * 101, 10, "0" * 64),
    ],
)
def test_a_file_that_is_announced_wrongly_is_refused(local: Gallery, wrong: AssetFile) -> None:
    with pytest.raises(Refused):
        local.do(uploads_of_assets.begin_upload, wrong)
    assert local.quota().reserved == 0


@pytest.mark.parametrize(
    "wrong",
    [
        AssetFacts("x" * 501),
        AssetFacts("a\x00b"),
        AssetFacts(width=-1),
        AssetFacts(height=30_001),
        AssetFacts(thumbnail="https://example.org/a.png"),
        AssetFacts(thumbnail="data:image/svg+xml;base64,PHN2Zz4="),
        AssetFacts(thumbnail="data:image/png;base64,PHN2Zz4="),
        AssetFacts(thumbnail="data:image/webp;base64,iVBORw0KGgo="),
        AssetFacts(blur="data:image/png;base64," + "iVBORw0KGgoA" * 300),
    ],
)
def test_facts_that_are_not_valid_are_refused(local: Gallery, wrong: AssetFacts) -> None:
    begun = local.begin("a.png", picture())
    local.post(begun, picture())
    with pytest.raises(InvalidField):
        local.finish(begun, wrong)
    assert local.names() == []


def test_a_name_belongs_to_one_asset(gallery: Gallery) -> None:
    first = gallery.upload("a.png", picture(1))
    with pytest.raises(InvalidState, match=r"Another asset has the name a\.png"):
        gallery.begin("a.png", picture(2))
    second = gallery.upload("b.png", picture(2))
    with pytest.raises(InvalidState, match="Another asset"):
        gallery.do(manage_assets.describe_asset, second.id, name="a.png")
    assert gallery.do(manage_assets.describe_asset, first.id, name="faces/c.png").name == "faces/c.png"
    assert gallery.names() == ["b.png", "faces/c.png"]
    # The name is free again.
    assert gallery.do(manage_assets.describe_asset, second.id, name="a.png").name == "a.png"


def test_two_who_finish_uploads_with_one_name_do_not_both_get_it(crowded: Engine, tmp_path: Path) -> None:
    gallery = Gallery(crowded, tmp_path)
    begun = [gallery.begin("a.png", picture(number)) for number in range(4)]
    for number, one in enumerate(begun):
        gallery.post(one, picture(number))
    results = at_once([partial(gallery.finish, one) for one in begun])
    assert sorted(type(one).__name__ for one in results) == ["AssetRow", *["InvalidState"] * 3]
    assert (gallery.names(), gallery.quota().count) == (["a.png"], 1)


def test_a_picture_needs_an_alternative_text_or_the_mark_decorative(local: Gallery) -> None:
    bare = local.upload("a.png", picture(1), AssetFacts())
    assert bare.lacks_alt
    assert not local.do(manage_assets.describe_asset, bare.id, is_decorative=True).lacks_alt
    described = local.do(manage_assets.describe_asset, bare.id, alt=" A \n face ")
    assert (described.alt, described.is_decorative, described.lacks_alt) == ("A face", False, False)
    with pytest.raises(InvalidField, match="leave the text empty"):
        local.do(manage_assets.describe_asset, bare.id, is_decorative=True)
    sound = local.upload("a.mp3", MP3, AssetFacts(width=3, height=4))
    assert (sound.lacks_alt, sound.width, sound.group) == (False, 0, "sound")
    with pytest.raises(InvalidField, match="for pictures"):
        local.do(manage_assets.describe_asset, sound.id, is_decorative=True)


def test_a_deleted_asset_is_restored_by_hand_or_by_uploading_it_again(gallery: Gallery) -> None:
    row = gallery.upload("a.png", picture())
    gallery.do(manage_assets.delete_asset, row.id)
    assert (gallery.names(), gallery.names(deleted=True)) == ([], ["a.png"])
    with pytest.raises(InvalidState, match="Restore it first"):
        gallery.do(manage_assets.describe_asset, row.id, alt="x")
    assert gallery.do(manage_assets.restore_asset, row.id).deleted is None
    gallery.do(manage_assets.delete_asset, row.id)
    assert gallery.upload("b.png", picture()).name == "a.png"
    assert (gallery.names(), gallery.names(deleted=True)) == (["a.png"], [])
    assert gallery.quota().used == 1000
    with pytest.raises(InvalidState, match="Delete the asset first"):
        gallery.do(manage_assets.remove_asset, row.id)


def test_an_asset_is_removed_thirty_days_after_it_was_deleted(local: Gallery) -> None:
    clock = local.app.clock = HandClock(local.app.clock.now())
    row = local.upload("a.png", picture(1))
    local.do(manage_assets.delete_asset, row.id)
    clock.turn(seconds=RESTORABLE_FOR.total_seconds() - 1)
    local.upload("b.png", picture(2))
    local.work()
    assert local.content(row) is not None
    clock.turn(seconds=1)
    local.upload("c.png", picture(3))
    with pytest.raises(InvalidState, match="being removed"):
        local.do(manage_assets.restore_asset, row.id)
    with pytest.raises(InvalidState, match="being removed"):
        local.begin("a.png", picture(1))
    local.work()
    assert local.content(row) is None
    assert (local.names(), local.names(deleted=True)) == (["b.png", "c.png"], [])
    assert (local.quota().used, local.quota().count) == (2000, 2)
    assert local.upload("a.png", picture(1)).name == "a.png"


def test_a_removal_that_is_cut_off_is_finished_by_the_next_worker(sqlite: Engine, tmp_path: Path) -> None:
    gallery = Gallery(sqlite, tmp_path)
    row = gallery.upload("a.png", picture())
    gallery.do(manage_assets.delete_asset, row.id)
    gallery.do(manage_assets.remove_asset, row.id)
    for when in ("before", "after"):
        gallery.app.store = EngineStore(FailingEngine(sqlite, 1, when))  # type: ignore[arg-type]
        with pytest.raises(Crash):
            gallery.work()
    gallery.app.store = EngineStore(sqlite)
    gallery.work()
    assert (gallery.names(deleted=True), gallery.quota().used, gallery.quota().count) == ([], 0, 0)
    assert gallery.content(row) is None
    assert sqlite.get([keys.asset(row.id), keys.asset_name("a.png"), keys.asset_preview(row.id)]) == {}


def test_only_who_may_edit_materials_changes_assets(local: Gallery) -> None:
    row = local.upload("a.png", picture())
    viewer = caller_of(Actor("user:vera", "Vera", ROLES[VIEWER]))
    assert local.do(asset_rows.read_row, row.id, by=viewer) == row
    for act in (
        partial(local.begin, "b.png", picture(2), viewer),
        partial(local.do, manage_assets.describe_asset, row.id, alt="x", by=viewer),
        partial(local.do, manage_assets.delete_asset, row.id, by=viewer),
        partial(local.do, manage_assets.restore_asset, row.id, by=viewer),
        partial(local.do, manage_assets.remove_asset, row.id, by=viewer),
        partial(local.do, uploads_of_assets.finish_upload, "x", FACTS, by=viewer),
        partial(local.do, uploads_of_assets.cancel_upload, "x", by=viewer),
    ):
        with pytest.raises(Forbidden):
            act()
    assert local.do(asset_rows.read_row, row.id) == row
