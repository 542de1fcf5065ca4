"""The page Library: packages are published by its script, found, rated, copied, changed and deleted."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.access.rights import RESEARCHER, ROLES, Actor
from chalicelib.operations.shared.context import caller_of
from chalicelib.operations.study_library import publishing
from chalicelib.operations.study_library.publishing import EntryTexts, PackageFile
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.study.study_library.library_records import EntryVisibility
from tests.unit.study_library.zips import a_study
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import OWN, DashboardBrowser
from tests.web.world import World

ANN = caller_of(Actor("user:ann", "Ann", ROLES[RESEARCHER]))
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class LibraryDesk:
    """A run with a library, and a browser at its dashboard."""

    def __init__(self, here: World, root: Path) -> None:
        self.here = here
        self.files = here.app.files = FolderFiles(root, here.clock)
        self.browser = DashboardBrowser(here)

    def ask(self, **fields: str) -> Any:
        said = self.browser.press("library", list(fields.items()))
        assert said.headers["content-type"].startswith("application/json")
        return json.loads(said.raw)

    def publish(self, name: str, content: bytes, **texts: str) -> Any:
        digest = hashlib.sha256(content).hexdigest()
        begun = self.ask(do="begin", name=name, size=str(len(content)), sha256=digest)
        self.post(begun["url"], content)
        return self.ask(do="finish", upload=begun["id"], **texts)

    def post(self, url: str, content: bytes) -> None:
        with self.files.receive(url.removeprefix(ADDRESS)) as incoming:
            incoming.write(content)
            incoming.finish()

    def by_ann(self, name: str, visibility: EntryVisibility) -> None:
        """Publish an entry of another user, whose texts are hostile."""
        content = a_study(name=name.encode())
        file = PackageFile(name, len(content), hashlib.sha256(content).hexdigest())
        begun = self.here.app.run(publishing.begin_package, file, caller=ANN)
        self.post(begun.url, content)
        texts = EntryTexts(HOSTILE, HOSTILE, HOSTILE, "MIT", visibility)
        self.here.app.run(publishing.finish_package, begun.id, texts, HOSTILE, caller=ANN)


@pytest.fixture
def desk(world: NewWorld, tmp_path: Path) -> LibraryDesk:
    return LibraryDesk(world(), tmp_path)


def test_a_package_is_published_found_changed_deleted_and_restored(desk: LibraryDesk) -> None:
    assert "No entries yet" in desk.browser.open("library")
    content = a_study(task=b":::{choice} a: A?\n:::\n")
    row = desk.publish("stroop", content, title="The Stroop task", visibility="lab", notes="First")
    assert (row["id"], row["visibility"], row["latest"]) == ("stroop", "lab", 1)
    assert "The Stroop task" in desk.browser.open("library", q="stroop")
    assert "No entry found" in desk.browser.open("library", q="nothing")
    page = desk.browser.open("library/stroop")
    assert "pages/task.md" in page
    assert "1 choice" in page
    assert "Your rating" not in page
    texts = [("title", "Colours"), ("description", ""), ("author", ""), ("licence", "MIT")]
    said = desk.browser.press(
        "library/stroop/describe", [*texts, ("name", "colours"), ("visibility", "public")]
    )
    assert said.headers["location"].endswith("/dashboard/library/colours")
    assert "everyone who has its address" in desk.browser.open("library/colours")
    desk.browser.press("library/colours/delete", [])
    assert "No entries yet" in desk.browser.open("library")
    assert "Colours" in desk.browser.open("library", show="deleted")
    desk.browser.press("library/colours/restore", [])
    assert "Colours" in desk.browser.open("library", show="own")


def test_hostile_texts_are_escaped_on_each_page(desk: LibraryDesk) -> None:
    desk.by_ann("evil", EntryVisibility.LAB)
    for page in (desk.browser.open("library"), desk.browser.open("library/evil")):
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page


def test_another_users_entry_is_viewed_rated_and_copied(desk: LibraryDesk) -> None:
    desk.by_ann("other", EntryVisibility.LAB)
    assert "data-library-view" in desk.browser.open("library/other")
    desk.browser.press("library/other/view", [])
    desk.browser.press("library/other/rate", [("stars", "4")])
    page = desk.browser.open("library/other")
    assert "data-library-view" not in page
    assert "4.0 of 5, by 1" in page
    assert "1 view" in page
    said = desk.browser.press("library/other/copy", [])
    _, _, address = said.headers["refresh"].partition("url=")
    assert desk.files.file_behind(address.removeprefix(ADDRESS)).is_file()


def test_a_refused_package_and_a_refused_change_say_why(desk: LibraryDesk) -> None:
    assert "isn't a zip" in desk.publish("stroop", b"<html>")["error_text"]
    desk.publish("stroop", a_study())
    desk.publish("other", a_study(x=b"x"))
    fields = [(name, "x") for name in ("title", "description", "author", "licence")]
    said = desk.browser.press("library/other/describe", [*fields, ("visibility", "lab"), ("name", "stroop")])
    assert said.status == 409
    assert "Another entry has the name" in said.raw.decode()
    assert desk.browser.press("library/other/rate", [("stars", "5")]).status == 403
    assert desk.browser.press("library/other/x", []).status == 404
    assert desk.browser.press("library", [("do", "x")]).status == 404
    assert desk.browser.press("library/absent/rate", [("stars", "5")]).status == 404


def test_a_deleted_entry_is_removed_for_good_after_its_name_is_typed(desk: LibraryDesk) -> None:
    desk.publish("stroop", a_study())
    assert "Remove for good" not in desk.browser.open("library/stroop")
    assert desk.browser.press("library/stroop/remove", [("confirm", "stroop")]).status == 409
    desk.browser.press("library/stroop/delete", [])
    assert "Remove for good" in desk.browser.open("library/stroop")
    for typed in ("", "strop"):
        assert desk.browser.press("library/stroop/remove", [("confirm", typed)]).status == 422
    said = desk.browser.press("library/stroop/remove", [("confirm", "stroop")])
    assert said.headers["location"].endswith("/dashboard/library?show=deleted")
    assert "No entries yet" in desk.browser.open("library")
    assert desk.here.get("/dashboard/library/stroop", {}, headers=desk.browser.headers).status == 404


def test_a_public_entry_has_a_page_for_people_without_an_account(desk: LibraryDesk) -> None:
    desk.by_ann("open", EntryVisibility.PUBLIC)
    said = desk.here.get("/dashboard/public-study/open", headers=OWN)
    page = said.raw.decode()
    assert said.status == 200
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert "<form" not in page
    assert said.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in said.headers["content-security-policy"]
    assert "set-cookie" not in said.headers
    known = {**OWN, "if-none-match": said.headers["etag"]}
    again = desk.here.get("/dashboard/public-study/open", headers=known)
    assert (again.status, again.raw) == (304, b"")
    address = "http://localhost:5000/dashboard/public-study/open"
    assert f'data-copied="{address}"' in desk.browser.open("library/open")


def test_every_entry_that_is_not_public_is_absent_in_the_same_words(desk: LibraryDesk) -> None:
    for name, visibility in (
        ("secret", EntryVisibility.PRIVATE),
        ("inside", EntryVisibility.LAB),
        ("gone", EntryVisibility.PUBLIC),
    ):
        desk.by_ann(name, visibility)
    desk.browser.press("library/gone/delete", [])
    absent = desk.here.get("/dashboard/public-study/absent", headers=OWN)
    assert absent.status == 404
    # The operator's own session sees no more at this address.
    for headers in (OWN, desk.browser.headers):
        for path in ("secret", "inside", "gone", "quota", "A_B", "x" * 2_000, "open/part"):
            said = desk.here.get(f"/dashboard/public-study/{path}", headers=headers)
            assert (said.status, said.raw) == (404, absent.raw), path
    assert "data-copied" not in desk.browser.open("library/inside")
    assert "data-copied" not in desk.browser.open("library/gone")
    # The participants' host has no such page.
    assert desk.here.get("/dashboard/public-study/gone", headers={"host": "127.0.0.1:5000"}).status == 404
