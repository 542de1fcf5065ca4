"""Grants uploads, and checks and keeps the files that answers refer to.

A participant asks for a form for one file (`pages/upload_grants.py`), their browser posts the file to the
file store, and the answer of the page names its reference. It is taken only if the file has arrived as
announced.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.errors import NotFound
from chalicelib.messages import KeepUpload
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.items import AnswerError, Item, UploadItem
from chalicelib.study.player import Player
from chalicelib.study.study_records import Place, UploadRecord
from chalicelib.study.uploads import Upload
from chalicelib.study.uploads.file_types import agrees, ending_for

#: How many files a participant can send for one item of a page: they may record several times.
MOST_FILES: Final = 20
#: The size of the largest file that is kept within the request, in bytes.
MAX_KEPT_AT_ONCE: Final = 50_000_000
_REFERENCE: Final = re.compile(
    r"(?P<owner>[0-9]+)/(?P<serial>[0-9]+)-(?P<token>[0-9a-f]{32})(?:\.[a-z0-9]+)?"
)


def grant(
    ctx: Context, place: Place, page: str, item: UploadItem, described: Mapping[str, Any], ending: str
) -> dict[str, Any]:
    """Record a grant for one file of the page that is due, and return the form for it.

    `described`: size, sha256 and type of the file. `ending`: that of its name, or "". AnswerError when the
    item doesn't take such a file.
    """
    pk, prefix = keys.uploads(place.participant_id, place.serial, item.name)
    if len(ctx.uow.items(pk, prefix)) >= MOST_FILES:
        raise AnswerError("You have sent too many files here. Go on with the last one.")
    token = secrets.token_hex(16)
    reference = f"{place.participant_id}/{place.serial}-{token}{ending_for(str(described['type']), ending)}"
    file = item.validate({**described, "reference": reference})
    item.check_name(file["type"], ending)
    record = UploadRecord(
        participant_id=place.participant_id,
        serial=place.serial,
        item=item.name,
        page=page,
        path=place.path,
        **file,
        granted_at=str(iso(ctx.now)),
    )
    key = keys.upload(place.participant_id, place.serial, item.name, token)
    ctx.uow.put_item(key, record.kind, record.to_fields())
    form = ctx.files.grant(reference, media_type=file["type"], size=file["size"], sha256=file["sha256"])
    fields = {"fields": dict(form.fields)} if form.fields else {}
    return {"upload": {"url": form.url, **fields}, "reference": reference}


def check_file(ctx: Context, player: Player, item: Item, stored: Mapping[str, Any]) -> None:
    """Raise AnswerError unless the file of an answer has arrived, is this participant's, and is accepted."""
    place = session_of(ctx).place(player.id)
    key = _key_of(place, item, stored["reference"])
    granted = None if key is None else ctx.uow.item(key)
    if granted is None or any(granted.get(name) != value for name, value in stored.items()):
        raise AnswerError("The file was not sent completely; choose it again.")
    found = ctx.files.find(stored["reference"])
    if found is None or (found.size, found.sha256) != (stored["size"], stored["sha256"]):
        raise AnswerError("The file was not sent completely; choose it again.")
    if not agrees(stored["type"], found.head, PurePosixPath(stored["reference"]).suffix):
        raise AnswerError("The content of this file is not of its type. Choose another file.")
    reference = stored["reference"]
    upload = Upload(
        item.name,
        reference,
        stored["type"],
        stored["size"],
        stored["sha256"],
        lambda: ctx.files.read(reference),
    )
    problem = study_of(ctx).check_upload(player, upload)
    if problem:
        raise AnswerError(str(problem))


def keep_files(ctx: Context, place: Place, items: Mapping[str, Item], answers: Mapping[str, Any]) -> None:
    """Keep the files of checked answers, which otherwise expire.

    The files are kept before the commit: after a crash in between, a file is left that no answer refers to,
    but no answer is left without its file. S3 copies a file for that, so a large one is kept by a message of
    the commit, long before it would expire: the copy may take longer than a request.
    """
    for name, answer in answers.items():
        if not isinstance(items[name], UploadItem) or answer is None:
            continue
        key = _key_of(place, items[name], answer["reference"])
        granted = None if key is None else ctx.uow.item(key)
        if key is None or granted is None:
            continue  # an answer that the author gives when time is up
        if answer["size"] > MAX_KEPT_AT_ONCE:
            ctx.uow.post(KeepUpload(answer["reference"]))
        else:
            ctx.files.keep(answer["reference"])
        record = UploadRecord.from_item(granted)
        record.stored_at = iso(ctx.now)
        ctx.uow.put_item(key, record.kind, record.to_fields(), expect=granted["v"])


def _key_of(place: Place, item: Item, reference: str) -> keys.Key | None:
    """Return where the grant of a reference is recorded; None for one of another participant or page."""
    found = _REFERENCE.fullmatch(reference)
    if found is None or (found["owner"], found["serial"]) != (str(place.participant_id), str(place.serial)):
        return None
    return keys.upload(place.participant_id, place.serial, item.name, found["token"])


def link_to_upload(ctx: Context, participant_id: int, name: str) -> str:
    """Return an address from which the operator downloads a participant's file."""
    require_right(ctx, Right.VIEW_PERSONAL_DATA)
    reference = f"{participant_id}/{name}"
    for item in ctx.uow.items(*keys.uploads(participant_id)):
        if item.get("reference") == reference and item.get("stored_at") and not item.get("erased_at"):
            return ctx.files.link(reference)
    raise NotFound(f"There is no file {reference}.", code="upload_not_found")


def erase_uploads(ctx: Context, participant_id: int) -> int:
    """Delete a participant's files, and note it in their records; return how many answers had files."""
    require_right(ctx, Right.EDIT_PARTICIPANTS)
    require_right(ctx, Right.VIEW_PERSONAL_DATA)
    ctx.uow.participant(participant_id)
    count = 0
    for item in ctx.uow.items(*keys.uploads(participant_id)):
        record = UploadRecord.from_item(item)
        count += record.stored_at is not None and record.erased_at is None
        if record.erased_at is None:
            record.erased_at = iso(ctx.now)
            ctx.uow.put_item((item["pk"], item["sk"]), record.kind, record.to_fields(), expect=item["v"])
    ctx.files.delete(participant_id)
    return count
