"""Recognises the ids of participants whose data were erased, without storing these ids.

A participant who was erased has pseudonyms in place of the recruiter's ids: keyed hashes, whose key the run
stores from its first erasure on. A worker who comes again has the same pseudonym, so they neither take part
nor are paid twice.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from chalicelib.model import keys

from .context import Context

#: The detail of a participant that says when their data were erased.
ERASED_AT = "erased_at"
_PREFIX = "erased-"
_KEY_BYTES = 32


def erasure_key(ctx: Context) -> str:
    """Return the key of the run's pseudonyms; it is created where the run has none yet."""
    stored = ctx.uow.item(keys.ERASURE)
    if stored is not None:
        return str(stored["key"])
    key = secrets.token_hex(_KEY_BYTES)
    ctx.uow.put_item(keys.ERASURE, "erasure_key", {"key": key})
    return key


def is_erased_worker(ctx: Context, worker_id: str) -> bool:
    """Whether a participant of this worker was erased."""
    pseudonym = _find_pseudonym(ctx, worker_id)
    return pseudonym is not None and ctx.uow.item(keys.worker(pseudonym)) is not None


def is_erased_assignment(ctx: Context, assignment_id: str) -> bool:
    """Whether the participant of this assignment was erased."""
    pseudonym = _find_pseudonym(ctx, assignment_id)
    return pseudonym is not None and ctx.uow.item(keys.assignment(pseudonym)) is not None


def _find_pseudonym(ctx: Context, recruiter_id: str) -> str | None:
    """Return the pseudonym that an id would have; None in a run without an erasure, which has no key."""
    stored = ctx.uow.item(keys.ERASURE)
    return None if stored is None else make_pseudonym(str(stored["key"]), recruiter_id)


def make_pseudonym(key: str, recruiter_id: str) -> str:
    """Return the pseudonym of a recruiter's id."""
    return _PREFIX + hmac.new(bytes.fromhex(key), recruiter_id.encode(), hashlib.sha256).hexdigest()[:32]
