"""The library over both engines: published, found, copied, rated, renamed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from chalicelib.errors import BadRequest, Forbidden, InvalidField, InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.operations.shared.context import ANONYMOUS
from chalicelib.operations.study_library import (
    entry_removal,
    entry_rows,
    entry_use,
    manage_entries,
    publishing,
)
from chalicelib.operations.study_library.entry_rows import EntryFilter, EntryRow
from chalicelib.operations.study_library.publishing import (
    PACKAGE_RESERVED_FOR,
    EntryTexts,
    PackageFile,
)
from chalicelib.storage.engine import Engine, Put
from chalicelib.storage.engine_store import EngineStore
from chalicelib.study.study_library.library_records import EntryVisibility, LibraryEntry
from chalicelib.study.study_library.study_packages import check_package, write_package
from tests.contract.factories import at_once, patiently, refusals
from tests.contract.study_library.shelves import (
    ANN,
    BEN,
    MANAGING,
    PRIVATE,
    SHARED,
    VIEWING,
    Shelves,
    a_user,
)
from tests.tools.engines import Crash, FailingEngine
from tests.unit.study_library.zips import a_study, zipped
from tests.web.clock import HandClock


@pytest.fixture
def shelves(engine: Engine, tmp_path: Path) -> Shelves:
    return Shelves(engine, tmp_path)


@pytest.fixture
def local(sqlite: Engine, tmp_path: Path) -> Shelves:
    return Shelves(sqlite, tmp_path)


def test_a_study_is_published_found_and_copied_with_its_origin(shelves: Shelves) -> None:
    texts = EntryTexts("The  Stroop\ntask", "Words\r\nin ink", "Ann O.", "CC BY 4.0", EntryVisibility.LAB)
    row = shelves.publish("stroop", a_study(task=b":::{choice} a: A?\n:::"), texts)
    assert (row.id, row.number, row.owner, row.owner_name) == ("stroop", 1, "user:ann", "Ann")
    assert (row.title, row.description, row.author) == ("The Stroop task", "Words\nin ink", "Ann O.")
    assert (row.licence, row.visibility, row.latest, row.rating) == ("CC BY 4.0", "lab", 1, None)
    assert shelves.names("STROOP ann", by=BEN) == ["stroop"]
    assert shelves.names("stroop game", by=BEN) == []
    [version] = shelves.read("stroop", by=VIEWING).versions
    assert version.pages == ["pages/task.md", "pages/welcome.md"]
    assert [(one.kind, one.count) for one in version.items] == [("choice", 1)]
    assert version.origins == []
    copied = shelves.do(entry_use.copy_entry, "stroop", by=VIEWING)
    package = b"".join(shelves.files.read(copied.version.file))
    assert len(package) == version.size == shelves.quota().used
    [origin] = check_package(package).origins
    assert (origin.entry, origin.number, origin.version, origin.title) == ("stroop", 1, 1, "The Stroop task")
    app_id = shelves.do(lambda ctx: ctx.app_id)
    assert (origin.author, origin.licence, origin.library) == ("Ann O.", "CC BY 4.0", app_id)
    assert shelves.files.link(copied.version.file)


@pytest.mark.parametrize(
    "title",
    [
        "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{MICROSCOPE} Lab",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "soft\u00adhyphen",
    ],
)
def test_an_entry_whose_texts_have_joining_characters_can_be_copied(local: Shelves, title: str) -> None:
    local.publish("stroop", texts=EntryTexts(title, author=title))
    copied = local.do(entry_use.copy_entry, "stroop", by=ANN)
    [origin] = check_package(b"".join(local.files.read(copied.version.file))).origins
    assert (origin.title, origin.author) == (title, title)


def test_a_package_that_would_be_too_large_to_copy_is_not_published(local: Shelves) -> None:
    # Media are stored as they are: what a zip has compressed takes more space then.
    sound = b"RIFF" + (21_000_000).to_bytes(4, "little") + b"WAVEfmt " + bytes(21_000_000)
    package = zipped({"study.md": b"# Sounds", "assets/a.wav": sound})
    begun = local.begin("sounds", package)
    local.post(begun, package)
    with pytest.raises(BadRequest, match=r"20 MB at most, and this one has 21\.0 MB"):
        local.do(publishing.finish_package, begun.id, SHARED, by=ANN)
    assert local.names() == []


def test_the_chain_of_origins_is_kept_from_copy_to_copy(local: Shelves) -> None:
    local.publish("first")
    for name, source in (("second", "first"), ("third", "second")):
        copied = local.do(entry_use.copy_entry, source, by=BEN)
        contents = check_package(b"".join(local.files.read(copied.version.file))).contents
        local.publish(name, write_package({**contents, f"pages/{name}.md": b"more"}), by=BEN)
    [version] = local.read("third", by=BEN).versions
    assert [(one.entry, one.version) for one in version.origins] == [("second", 1), ("first", 1)]


def test_a_second_version_keeps_the_texts_that_are_not_given_and_the_first_version(shelves: Shelves) -> None:
    shelves.publish("stroop", texts=EntryTexts("Stroop", "About", visibility=EntryVisibility.LAB))
    same = shelves.begin("stroop", a_study(name=b"stroop"))
    assert (same.id, same.url) == ("", "")
    assert same.entry is not None
    row = shelves.publish("stroop", a_study(second=b"2"), EntryTexts(licence="MIT"))
    assert (row.number, row.latest, row.title, row.licence) == (1, 2, "Stroop", "MIT")
    detail = shelves.read("stroop")
    assert [one.version for one in detail.versions] == [2, 1]
    assert row.size == sum(one.size for one in detail.versions) == shelves.quota().used
    old = shelves.do(entry_use.copy_entry, "stroop", 1, by=BEN)
    assert old.version.version == 1
    for wrong in (0, 3):
        with pytest.raises(NotFound, match="no version"):
            shelves.do(entry_use.copy_entry, "stroop", wrong, by=BEN)


def test_a_private_entry_is_as_absent_for_all_but_its_owner(shelves: Shelves) -> None:
    shelves.publish("secret", texts=PRIVATE)
    assert shelves.names() == ["secret"]
    uses: list[Callable[..., object]] = [
        partial(entry_rows.read_entry, name="secret"),
        partial(entry_use.copy_entry, name="secret"),
        partial(entry_use.rate_entry, name="secret", stars=5),
        partial(entry_use.note_view, name="secret"),
        partial(entry_use.note_play, name="secret", run_id="r"),
        partial(manage_entries.describe_entry, name="secret", texts=SHARED),
        partial(manage_entries.delete_entry, name="secret"),
        partial(manage_entries.restore_entry, name="secret"),
    ]
    for caller in (BEN, MANAGING):
        assert shelves.names(by=caller) == shelves.names(by=caller, is_deleted=True) == []
        for use in uses:
            with pytest.raises(NotFound) as caught:
                shelves.do(use, by=caller)
            with pytest.raises(NotFound) as absent:
                shelves.do(partial(use, name="absent"), by=caller)
            assert str(caught.value).replace("secret", "absent") == str(absent.value)
    with pytest.raises(NotFound):
        shelves.do(entry_rows.read_public_entry, "secret", by=ANONYMOUS)
    assert shelves.read("secret").entry.visibility == "private"


def test_a_public_entry_is_shown_to_people_without_an_account_until_it_is_deleted(local: Shelves) -> None:
    local.publish("open", texts=EntryTexts(visibility=EntryVisibility.PUBLIC))
    local.publish("inside", texts=SHARED)
    assert local.do(entry_rows.read_public_entry, "open", by=ANONYMOUS).entry.id == "open"
    for name in ("inside", "absent"):
        with pytest.raises(NotFound):
            local.do(entry_rows.read_public_entry, name, by=ANONYMOUS)
    local.do(manage_entries.delete_entry, "open", by=ANN)
    with pytest.raises(NotFound):
        local.do(entry_rows.read_public_entry, "open", by=ANONYMOUS)


def test_nobody_publishes_over_the_entry_of_another_user(shelves: Shelves) -> None:
    shelves.publish("stroop")
    for caller in (BEN, MANAGING):
        with pytest.raises(Forbidden, match="belongs to another user"):
            shelves.begin("stroop", a_study(x=b"x"), caller)
    # The name was free when the upload began.
    late = shelves.begin("fresh", a_study(x=b"x"), BEN)
    shelves.post(late, a_study(x=b"x"))
    shelves.publish("fresh")
    with pytest.raises(Forbidden, match="belongs to another user"):
        shelves.do(publishing.finish_package, late.id, SHARED, by=BEN)
    assert shelves.read("fresh").entry.latest == 1


def test_an_upload_is_finished_and_cancelled_by_the_user_who_began_it(local: Shelves) -> None:
    begun = local.begin("stroop", a_study())
    local.post(begun, a_study())
    with pytest.raises(NotFound, match="no such upload"):
        local.do(publishing.finish_package, begun.id, SHARED, by=BEN)
    with pytest.raises(NotFound, match="no such upload"):
        local.do(publishing.cancel_package, begun.id, by=BEN)
    with pytest.raises(Forbidden):
        local.do(publishing.finish_package, begun.id, SHARED, by=VIEWING)
    assert local.do(publishing.finish_package, begun.id, SHARED, by=ANN).latest == 1


def test_two_who_publish_one_new_name_do_not_both_get_it(crowded: Engine, tmp_path: Path) -> None:
    shelves = Shelves(crowded, tmp_path)
    people = [a_user(name) for name in ("ann", "ben", "cleo", "dan")]
    results = at_once(
        [
            partial(shelves.publish, "stroop", a_study(x=bytes([65 + n])), by=who)
            for n, who in enumerate(people)
        ]
    )
    assert sorted(type(one).__name__ for one in results) == ["EntryRow", *["Forbidden"] * 3]
    row = next(one for one in results if isinstance(one, EntryRow))
    assert (row.latest, shelves.quota().count, shelves.quota().used) == (1, 1, row.size)


def test_ratings_of_many_users_at_once_are_counted_exactly(crowded: Engine, tmp_path: Path) -> None:
    shelves = Shelves(crowded, tmp_path)
    shelves.publish("stroop")
    raters = [a_user(f"user{number}", "Viewer") for number in range(16)]

    def rate(number: int, stars: int) -> EntryRow:
        act = partial(shelves.do, entry_use.rate_entry, "stroop", stars, by=raters[number])
        row: EntryRow = patiently(crowded, act)
        return row

    assert not refusals(at_once([partial(rate, number, number % 5 + 1) for number in range(16)]))
    expected = [number % 5 + 1 for number in range(16)]
    row = shelves.read("stroop").entry
    assert (row.ratings, row.rating) == (16, round(sum(expected) / 16, 1))
    # Everyone changes the rating twice, and four take it back.
    changes = [partial(rate, number, stars) for number in range(16) for stars in (1, 5)]
    assert not refusals(at_once(changes))
    assert not refusals(at_once([partial(rate, number, 0) for number in range(4)]))
    own = [shelves.read("stroop", by=rater).own_stars for rater in raters]
    row = shelves.read("stroop").entry
    assert own[:4] == [0, 0, 0, 0]
    assert (row.ratings, row.rating) == (12, round(sum(own) / 12, 1))


def test_views_copies_and_plays_count_each_user_once(shelves: Shelves) -> None:
    shelves.publish("stroop")
    for caller in (ANN, BEN, BEN, VIEWING):
        shelves.do(entry_use.note_view, "stroop", by=caller)
        shelves.do(entry_use.copy_entry, "stroop", by=caller)
        for run in ("run-1", "run-1", "run-2"):
            shelves.do(entry_use.note_play, "stroop", run, by=caller)
    row = shelves.read("stroop", by=BEN).entry
    # The owner's runs count; opening and copying one's own study doesn't.
    assert (row.views, row.copies, row.plays) == (2, 2, 6)
    assert shelves.read("stroop", by=BEN).is_viewed
    shelves.publish("stroop", a_study(second=b"2"))
    assert shelves.do(entry_use.copy_entry, "stroop", by=BEN).entry.copies == 3


def test_a_rating_is_1_to_5_and_not_ones_own(local: Shelves) -> None:
    local.publish("stroop")
    for stars in (-1, 6):
        with pytest.raises(InvalidField):
            local.do(entry_use.rate_entry, "stroop", stars, by=BEN)
    with pytest.raises(Forbidden, match="your own"):
        local.do(entry_use.rate_entry, "stroop", 5, by=ANN)


def test_an_entry_is_renamed_with_its_versions_and_ratings(shelves: Shelves) -> None:
    shelves.publish("stroop")
    shelves.publish("other")
    shelves.do(entry_use.rate_entry, "stroop", 4, by=BEN)
    with pytest.raises(InvalidState, match="Another entry"):
        shelves.do(manage_entries.describe_entry, "stroop", EntryTexts(), "other", by=ANN)
    row = shelves.do(manage_entries.describe_entry, "stroop", EntryTexts("Stroop"), "stroop-task", by=ANN)
    assert (row.id, row.number, row.title, row.rating) == ("stroop-task", 1, "Stroop", 4.0)
    assert shelves.names() == ["other", "stroop-task"]
    assert [one.version for one in shelves.read("stroop-task", by=BEN).versions] == [1]
    # The name is free.
    assert shelves.publish("stroop", by=BEN).number == 3


def test_an_owner_and_a_manager_change_and_delete_an_entry_and_other_users_do_not(shelves: Shelves) -> None:
    shelves.publish("stroop")
    for caller in (BEN, VIEWING):
        with pytest.raises(Forbidden):
            shelves.do(manage_entries.describe_entry, "stroop", EntryTexts("Mine"), by=caller)
        with pytest.raises(Forbidden):
            shelves.do(manage_entries.delete_entry, "stroop", by=caller)
    hidden = shelves.do(manage_entries.describe_entry, "stroop", PRIVATE, by=MANAGING)
    assert hidden.visibility == "private"
    shelves.do(manage_entries.describe_entry, "stroop", SHARED, by=ANN)
    assert shelves.do(manage_entries.delete_entry, "stroop", by=MANAGING).deleted is not None
    assert shelves.names(by=BEN) == shelves.names(by=BEN, is_deleted=True) == []
    assert shelves.names(is_deleted=True) == shelves.names(by=MANAGING, is_deleted=True) == ["stroop"]
    with pytest.raises(NotFound):
        shelves.read("stroop", by=BEN)
    for act, *given in (
        (manage_entries.describe_entry, "stroop", EntryTexts("x")),
        (entry_use.copy_entry, "stroop"),
        (publishing.begin_package, PackageFile("stroop", 1, "0" * 64)),
    ):
        with pytest.raises(InvalidState, match="Restore it first"):
            shelves.do(act, *given, by=ANN)
    assert shelves.do(manage_entries.restore_entry, "stroop", by=ANN).deleted is None
    assert shelves.names(by=BEN) == ["stroop"]


def test_a_deleted_entry_is_removed_for_good_and_gives_its_space_back(
    shelves: Shelves, tmp_path: Path
) -> None:
    shelves.publish("stroop")
    shelves.publish("stroop", a_study(second=b"2"))
    shelves.publish("other")
    shelves.do(entry_use.rate_entry, "stroop", 4, by=BEN)
    left = shelves.read("other").entry.size
    with pytest.raises(InvalidState, match="Delete the entry first"):
        shelves.do(entry_removal.remove_entry, "stroop", "stroop", by=ANN)
    shelves.do(manage_entries.delete_entry, "stroop", by=ANN)
    with pytest.raises(InvalidField):
        shelves.do(entry_removal.remove_entry, "stroop", "other", by=ANN)
    with pytest.raises(NotFound):
        shelves.do(entry_removal.remove_entry, "absent", "absent", by=ANN)
    for caller in (BEN, VIEWING):
        with pytest.raises((NotFound, Forbidden)):
            shelves.do(entry_removal.remove_entry, "stroop", "stroop", by=caller)
    removed = shelves.do(entry_removal.remove_entry, "stroop", "stroop", by=MANAGING)
    assert removed.id == "stroop"
    assert (shelves.quota().used, shelves.quota().count) == (left, 1)
    assert shelves.names(is_deleted=True) == []
    shelves.work()
    assert len([path for path in tmp_path.glob("kept/**/*.zip") if "-" in path.name]) == 1
    assert shelves.stored_about(1) == {}
    assert shelves.stored_about(2) != {}
    fresh = shelves.publish("stroop", by=BEN)
    assert (fresh.number, fresh.latest, fresh.ratings) == (3, 1, 0)


def test_the_removal_of_an_entry_that_is_cut_off_is_finished_by_the_next_worker(
    sqlite: Engine, tmp_path: Path
) -> None:
    shelves = Shelves(sqlite, tmp_path)
    for number in range(27):
        shelves.publish("stroop", a_study(x=str(number).encode()))
    shelves.do(manage_entries.delete_entry, "stroop", by=ANN)
    shelves.do(entry_removal.remove_entry, "stroop", "stroop", by=ANN)
    for when in ("before", "after"):
        shelves.app.store = EngineStore(FailingEngine(sqlite, 1, when))  # type: ignore[arg-type]
        with pytest.raises(Crash):
            shelves.work()
    shelves.app.store = EngineStore(sqlite)
    shelves.work()
    assert not [path for path in tmp_path.glob("kept/**/*.zip") if "-" in path.name]
    assert shelves.stored_about(1) == {}
    assert (shelves.quota().used, shelves.quota().count) == (0, 0)


@pytest.mark.parametrize(
    "name", ["", "Stroop", "a_b", "-a", "a--b", "a/b", "..", "quota", "new", "x" * 61, "é"]
)
def test_a_name_that_is_not_valid_is_refused(local: Shelves, name: str) -> None:
    with pytest.raises(InvalidField):
        local.begin(name, a_study())


@pytest.mark.parametrize(
    "texts",
    [
        EntryTexts(title=""),
        EntryTexts(title=" \n"),
        EntryTexts(title="x" * 121),
        EntryTexts(title="a\x00b"),
        EntryTexts(title="a\u202eb"),
        EntryTexts(description="x" * 5_001),
        EntryTexts(description="a\x07"),
        EntryTexts(author="x" * 201),
        EntryTexts(licence="x" * 61),
    ],
)
def test_a_text_that_is_not_valid_is_refused_and_nothing_is_stored(local: Shelves, texts: EntryTexts) -> None:
    begun = local.begin("stroop", a_study())
    local.post(begun, a_study())
    with pytest.raises(InvalidField):
        local.do(publishing.finish_package, begun.id, texts, by=ANN)
    assert (local.names(), local.quota().used, local.quota().count) == ([], 0, 0)
    assert local.do(publishing.finish_package, begun.id, SHARED, by=ANN).latest == 1


def test_a_package_that_is_not_taken_is_not_stored(local: Shelves, tmp_path: Path) -> None:
    for content in (zipped({"experiment.py": b"", "../evil.py": b"x"}), b"<html>", zipped({"a.md": b""})):
        begun = local.begin("stroop", content)
        local.post(begun, content)
        with pytest.raises(BadRequest) as caught:
            local.do(publishing.finish_package, begun.id, SHARED, by=ANN)
        assert caught.value.code == "package_refused"
    assert (local.names(), local.quota().used) == ([], 0)
    assert not list(tmp_path.glob("kept/**/*.zip"))


def test_packages_do_not_exceed_the_quota_and_reservations_end(sqlite: Engine, tmp_path: Path) -> None:
    full = Shelves(sqlite, tmp_path, library_quota_mb=0)
    with pytest.raises(InvalidState) as caught:
        full.begin("stroop", a_study())
    assert caught.value.code == "library_full"
    local = Shelves(sqlite, tmp_path)
    clock = local.app.clock = HandClock(local.app.clock.now())
    begun = local.begin("stroop", a_study())
    assert local.quota().reserved == len(a_study())
    clock.turn(seconds=PACKAGE_RESERVED_FOR.total_seconds())
    assert local.quota().reserved == 0
    with pytest.raises(NotFound):
        local.do(publishing.finish_package, begun.id, SHARED, by=ANN)


@pytest.mark.parametrize(
    "file",
    [PackageFile("a", 0, "0" * 64), PackageFile("a", 10, "x"), PackageFile("a", 20_000_001, "0" * 64)],
)
def test_a_package_that_is_announced_wrongly_is_refused(local: Shelves, file: PackageFile) -> None:
    with pytest.raises((InvalidField, BadRequest)):
        local.do(publishing.begin_package, file, by=ANN)
    assert local.quota().reserved == 0


def test_a_library_of_ten_thousand_entries_is_listed_and_searched_in_bounded_steps(local: Shelves) -> None:
    engine = local.app.store.engine  # type: ignore[attr-defined]
    for first in range(0, 10_000, 500):
        engine.commit([_stored(number) for number in range(first, first + 500)])
    assert local.names("needle") == []
    found, after, calls = [], None, 0
    while True:
        page = local.do(entry_rows.list_entries, EntryFilter("needle"), after, 24, by=ANN)
        assert page.looked_at <= 2_100
        found += [row.id for row in page.rows]
        after, calls = page.next, calls + 1
        if after is None:
            break
    assert (found, calls) == (["entry-09999"], 6)
    first_page = local.do(entry_rows.list_entries, EntryFilter(), None, 24, by=ANN)
    assert (len(first_page.rows), first_page.looked_at) == (24, 24)


def _stored(number: int) -> Put:
    entry = LibraryEntry(
        number + 1, f"entry-{number:05d}", "user:ben", "Ben", "Needle" if number == 9_999 else "Hay"
    )
    entry.visibility, entry.latest = "lab", 1
    pk, sk = keys.library_entry(entry.name)
    return Put({"pk": pk, "sk": sk, "kind": LibraryEntry.kind, **entry.to_fields(), "v": 1}, None)
