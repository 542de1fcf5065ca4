"""Uploads: a participant gets a form for a file of their page, and an answer is taken with its file alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import Forbidden, Refused
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.study.answers.uploads import MOST_FILES, erase_uploads
from chalicelib.storage.files.folder_files import ADDRESS
from chalicelib.study.study import Study
from petri.study import AnswerError, End, Page, upload
from tests.study.studies import answer, due
from tests.web.world import OPERATOR_TOKEN

from .conftest import PAGE, PNG, Drawing, Files

LOST = "The file was not sent completely; choose it again."


def refused(files: Files, person: Any, value: Any, item: str = "sketch") -> str:
    """Post an answer that is refused, and return what is wrong with the item; nothing is written."""
    serial, kept = due(person)["serial"], files.stored()
    with files.here.unchanged():
        said = answer(person, serial, **{item: value})
    assert (said.status, said.code) == (422, "answers_refused"), said
    assert files.stored() == kept
    found: str = said["items"][item]
    return found


def test_an_answer_is_stored_with_its_file(files: Files) -> None:
    person = files.here.arrive()
    sent = files.send(person)
    assert answer(person, sketch=sent)["page"] == "redraw"
    assert files.stored() == [sent["reference"]]
    (record,) = files.here.items("upload")
    assert record["stored_at"]
    assert (record["item"], record["page"], record["sha256"]) == ("sketch", "draw", sent["sha256"])
    assert b"".join(files.store.read(sent["reference"])) == PNG


def test_the_last_of_several_files_counts_and_the_others_expire(files: Files) -> None:
    person = files.here.arrive()
    first, second = files.send(person), files.send(person)
    answer(person, sketch=second)
    assert files.stored() == [second["reference"]]
    (left,) = files.pending()
    assert left.name.startswith(first["reference"].rpartition("/")[2])
    assert files.store.sweep() == 0
    long_ago = files.here.clock.now().timestamp() - 25 * 3600
    os.utime(left, (long_ago, long_ago))
    assert files.store.sweep() == 1
    assert files.pending() == []


def test_an_answer_without_its_file_is_refused(files: Files) -> None:
    person = files.here.arrive()
    granted = files.ask(person)
    described = {"reference": granted["reference"], "size": len(PNG), "type": "image/png"}
    (record,) = files.here.items("upload")
    assert refused(files, person, {**described, "sha256": record["sha256"]}) == LOST


def test_a_file_that_does_not_agree_with_what_was_announced_is_refused(files: Files) -> None:
    person = files.here.arrive()
    granted = files.ask(person)
    for content in (PNG[:-1], PNG[:-1] + b"x", PNG + b"x"):
        with pytest.raises(Refused):
            files.post(granted, content)
    assert files.pending() == []


@pytest.mark.parametrize("changed", [{"size": len(PNG) + 1}, {"sha256": "0" * 64}, {"type": "image/gif"}])
def test_an_answer_that_describes_another_file_is_refused(files: Files, changed: dict[str, Any]) -> None:
    person = files.here.arrive()
    assert refused(files, person, files.send(person) | changed) == LOST


def test_another_participants_file_is_refused(files: Files) -> None:
    one, other = files.here.arrive(), files.here.arrive()
    theirs = files.send(other)
    due(one)
    assert refused(files, one, theirs) == LOST
    own = files.send(one)
    assert refused(files, one, {**theirs, "reference": own["reference"].replace("1/", "2/")}) == LOST


def test_a_file_counts_for_one_item_of_one_page(files: Files) -> None:
    person = files.here.arrive()
    sent = files.send(person)
    text = files.send(person, "notes", b"text", type="text/plain", ending=".txt")
    assert refused(files, person, {**text}, "sketch") != ""
    assert answer(person, sketch=sent)["page"] == "redraw"
    assert refused(files, person, sent, "again") == LOST


@pytest.mark.parametrize(
    "reference",
    ["1/../2/1-" + "a" * 32, "../etc/passwd", "/etc/passwd", "1/..%2f..%2fpasswd", "1/1-" + "a" * 32],
)
def test_no_reference_leads_out_of_the_folder(files: Files, reference: str) -> None:
    person = files.here.arrive()
    assert refused(files, person, files.send(person) | {"reference": reference}) == LOST
    assert files.store.find(reference) is None


@pytest.mark.parametrize("content", [PAGE, b"GIF89a" + PAGE, b"", b"\xff\xd8\xff\xe0"[:3] + PAGE, b"<svg/>"])
def test_a_page_that_pretends_to_be_a_picture_is_refused(files: Files, content: bytes) -> None:
    person = files.here.arrive()
    if not content:
        assert files.ask(person, content=content).status == 422
        return
    sent = files.send(person, content=content)
    assert refused(files, person, sent) == "The content of this file is not of its type. Choose another file."


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"type": "text/html", "ending": ".html"}, "not accepted"),
        ({"type": "image/svg+xml"}, "not accepted"),
        ({"size": 1_000_001}, "larger than 1 MB"),
        ({"size": 0}, "not sent completely"),
        ({"sha256": "../" * 21 + "x"}, "not sent completely"),
        ({"item": "notes", "type": "application/octet-stream", "ending": ".exe"}, "not accepted"),
    ],
)
def test_no_form_is_given_for_a_file_that_the_item_does_not_take(
    files: Files, changed: dict[str, Any], reason: str
) -> None:
    person = files.here.arrive()
    serial = due(person)["serial"]
    with files.here.unchanged():
        said = files.ask(person, serial=serial, **changed)
    assert (said.status, said.code) == (422, "answers_refused"), said
    (found,) = said["items"].values()
    assert reason in found


def test_a_form_is_for_an_item_of_the_page_that_is_due(files: Files) -> None:
    person = files.here.arrive()
    serial = due(person)["serial"]
    assert (files.ask(person, "again").status, files.ask(person, "again").code) == (403, "no_upload_asked")
    assert files.ask(person, "timeline").code == "no_upload_asked"
    answer(person, sketch=files.send(person))
    with files.here.unchanged():
        assert files.ask(person, serial=serial).code == "page_not_due"
    ended = files.send(person, "again")
    assert answer(person, again=ended)["kind"] == "end"
    assert files.ask(person, "again", serial=serial + 2).status == 403


def test_a_form_is_for_its_owner_alone_and_for_an_hour(files: Files) -> None:
    person = files.here.arrive()
    granted = files.ask(person)
    token = granted["upload"]["url"].removeprefix(ADDRESS)
    body, _, signature = token.partition(".")
    for forged in (f"{body}x.{signature}", f"{body}.{signature[:-1]}x", body, "", "é.é"):
        with pytest.raises(Forbidden):
            files.store.receive(forged)
    files.here.clock.turn(hours=1, seconds=1)
    with pytest.raises(Forbidden):
        files.store.receive(token)
    assert (
        files.here.post("/page/upload", {"serial": 1, "item": "sketch", "size": 1, "sha256": "0"}).status
        == 401
    )


def test_a_participant_gets_a_limited_number_of_forms(files: Files) -> None:
    person = files.here.arrive()
    serial = due(person)["serial"]
    assert [files.ask(person, serial=serial).status for _ in range(MOST_FILES + 1)] == [200] * MOST_FILES + [
        422
    ]


def test_only_the_operator_gets_a_link_to_a_file(files: Files) -> None:
    person, other = files.here.arrive(), files.here.arrive()
    sent = files.send(person)
    address = f"/page/upload/{sent['reference']}"
    assert files.here.get(address, token=OPERATOR_TOKEN).status == 404  # no answer has it yet
    answer(person, sketch=sent)
    for token, status in ((person.token, 403), (other.token, 403), (None, 401)):
        assert files.here.get(address, token=token).status == status
    said = files.here.get(address, token=OPERATOR_TOKEN)
    assert (said.status, said.headers["x-content-type-options"]) == (303, "nosniff")
    token = said.headers["location"].removeprefix(ADDRESS)
    assert files.store.file_behind(token).read_bytes() == PNG
    with pytest.raises(Forbidden):
        files.store.receive(token)  # a link isn't a form


OpenFiles = Callable[[type[Study]], Files]


def test_a_study_can_scan_a_file_before_its_answer_is_stored(
    files_of: OpenFiles,
) -> None:
    class Scanned(Drawing):
        def check_upload(self, player, upload):
            assert player.id == 1
            assert (upload.item, upload.type, upload.size) == ("sketch", "image/png", len(upload.read()))
            assert upload.sha256 == hashlib.sha256(upload.read()).hexdigest()
            assert upload.reference.startswith("1/")
            assert upload.reference.endswith(".png")
            if b"EICAR" in upload.read():
                return "This file can't be taken."
            if b"twice" in upload.read():
                raise AnswerError("This file was sent twice.")
            return None

    files = files_of(Scanned)
    person = files.here.arrive()
    assert refused(files, person, files.send(person, content=PNG + b"EICAR")) == "This file can't be taken."
    assert refused(files, person, files.send(person, content=PNG + b"twice")) == "This file was sent twice."
    assert answer(person, sketch=files.send(person))["page"] == "redraw"


def test_a_file_that_has_arrived_counts_when_time_is_up(files_of: OpenFiles) -> None:
    class Timed(Study):
        sketch = upload("Draw.", source="drawing", required=False)
        timeline = [Page("draw", ask="sketch", seconds=60), End()]

    files = files_of(Timed)
    person = files.here.arrive()
    sent = files.send(person)
    files.here.clock.turn(seconds=60)
    assert answer(person, timeout=True, sketch=sent)["kind"] == "end"
    assert files.stored() == [sent["reference"]]


def test_an_answer_that_is_sent_twice_has_one_file(files: Files) -> None:
    person = files.here.arrive()
    serial, sent = due(person)["serial"], files.send(person)
    answer(person, serial, sketch=sent)
    assert answer(person, serial, sketch=sent)["stale"]
    assert files.stored() == [sent["reference"]]


def test_the_operator_erases_a_participants_files(files: Files) -> None:
    one, other = files.here.arrive(), files.here.arrive()
    sent = {person.id: files.send(person) for person in (one, other)}
    for person in (one, other):
        answer(person, sketch=sent[person.id])
    assert files.here.app.run(erase_uploads, one.id, caller=OPERATOR_CALLER) == 1
    assert files.stored() == [sent[other.id]["reference"]]
    assert files.here.get(f"/page/upload/{sent[one.id]['reference']}", token=OPERATOR_TOKEN).status == 404
    assert files.here.app.run(erase_uploads, one.id, caller=OPERATOR_CALLER) == 0
