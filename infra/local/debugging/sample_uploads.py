"""Uploads a sample for each item of a page that asks for a file, so that the debug bar can fill it in."""

from __future__ import annotations

import hashlib
from typing import Any

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.page_answers import items_due, page_at
from chalicelib.operations.study.pages.upload_grants import grant_upload
from chalicelib.operations.study.shared.study_context import own_place, session_of
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.study.items import UploadItem
from chalicelib.study.uploads.sample_files import sample_file
from chalicelib.web.routing import HttpCall


def send_samples(call: HttpCall, files: Any) -> dict[str, Any]:
    """Upload a sample for each item that asks for a file, as a page does; return the answers by item."""
    answers = {}
    serial, asked = call.run(_asked)
    for name, accepted in asked.items() if isinstance(files, FolderFiles) else ():
        media_type, ending, content = sample_file(accepted)
        digest = hashlib.sha256(content).hexdigest()
        described = {"size": len(content), "sha256": digest, "type": media_type}
        granted = call.run(grant_upload, serial, name, described, ending)
        with files.receive(granted["upload"]["url"].removeprefix(ADDRESS)) as incoming:
            incoming.write(content)
            incoming.finish()
        answers[name] = {"reference": granted["reference"], **described}
    return answers


def _asked(ctx: Context) -> tuple[int, dict[str, tuple[str, ...]]]:
    """Return the serial of the page that is due, and what its uploads accept."""
    _, place = own_place(ctx)
    page = None if place is None else page_at(ctx, place)
    if place is None or page is None:
        return 0, {}
    items = items_due(ctx, session_of(ctx).player(place.participant_id), page)
    return place.serial, {name: item.accepted for name, item in items.items() if isinstance(item, UploadItem)}
