"""Makes and reads signed entry links, for one worker or for all participants of a pool."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from itsdangerous import BadData, URLSafeSerializer

from chalicelib.errors import Forbidden

#: The worker and assignment in a pool's link, to which each participant adds their own id.
ANYONE = "*"
#: The length of generated ids: 60 bits, so that they can't be guessed.
LENGTH = 15


@dataclass(frozen=True, slots=True)
class LinkIds:
    """The ids that a link contains."""

    worker_id: str
    assignment_id: str
    hit_id: str


class SignedLinks:
    """Makes and reads the links of one run, which only its secret can sign."""

    def __init__(self, secret: str) -> None:
        """`secret` is the run's own."""
        self._secret = secret
        self._serializer = URLSafeSerializer(secret, salt="entry-link")
        self.hit_id = f"link-{self.made_from('hit')[:8]}"

    def made_from(self, text: str) -> str:
        """Derive an id from a text, for this run only."""
        digest = hmac.new(self._secret.encode(), f"entry-link|{text}".encode(), hashlib.sha256)
        return digest.hexdigest()[:LENGTH]

    def hit_of(self, serial: int) -> str:
        """Return the HIT id of links that were renewed so many times."""
        return self.hit_id if serial == 0 else f"{self.hit_id}-{serial}"

    def ids_of(self, worker_id: str, serial: int = 0) -> LinkIds:
        """Return the ids with which a worker takes part; `serial`: how often their link was renewed."""
        assignment = f"link-{self.made_from(f'assignment|{worker_id}')}"
        return LinkIds(worker_id, assignment, self.hit_of(serial))

    def address(self, base: str, mode: str, ids: LinkIds, page: str = "ad") -> str:
        """Return one worker's link to a page of the run."""
        signed = str(self._serializer.dumps([ids.worker_id, ids.assignment_id, ids.hit_id]))
        return f"{base}/{page}?{self._query(ids, mode, signed)}"

    def open_address(self, base: str, mode: str, placeholder: str) -> str:
        """Return a pool's link, in which a worker's id replaces the placeholder."""
        signed = str(self._serializer.dumps([ANYONE, ANYONE, self.hit_id]))
        query = self._query(LinkIds("", "", self.hit_id), mode, signed)
        return f"{base}/ad?workerId={placeholder}&assignmentId={placeholder}&{query}"

    @staticmethod
    def _query(ids: LinkIds, mode: str, signed: str) -> str:
        named = {
            "recruiter": "link",
            "workerId": ids.worker_id,
            "assignmentId": ids.assignment_id,
            "hitId": ids.hit_id,
            "mode": mode,
            "entry": signed,
        }
        return urlencode({name: value for name, value in named.items() if value})

    def read(self, link: str) -> LinkIds:
        """Return the ids in a link; Forbidden for one that this run didn't sign.

        `link`: a whole address, or only its signed part; a pool's link must be whole.
        """
        query = _query(link)
        ids = self._loaded(self.signed_part(link))
        if ids.worker_id != ANYONE:
            return ids
        worker_id = query.get("workerId", [""])[-1]
        if not worker_id.strip():
            raise _not_ours("This link is for everyone and contains no id. Open it from where you found it.")
        return LinkIds(worker_id, worker_id, ids.hit_id)

    @staticmethod
    def signed_part(link: str) -> str:
        """Return the `entry` of a link, which may be whole or only that part."""
        return _query(link).get("entry", [link])[-1]

    def check(self, ids: LinkIds, signed: str | None) -> None:
        """Refuse ids that don't belong to the signed part of a link."""
        signed_for = self._loaded(signed or "")
        if signed_for.worker_id == ANYONE:
            signed_for = LinkIds(ids.worker_id, ids.worker_id, signed_for.hit_id)
        if ids != signed_for:
            raise _not_ours("This link was made for another person. Open your own.")

    def _loaded(self, signed: str) -> LinkIds:
        try:
            worker_id, assignment_id, hit_id = self._serializer.loads(signed)
        except (BadData, TypeError, ValueError) as error:
            raise _not_ours(
                "This link wasn't made for this study. Open it once more as you got it."
            ) from error
        return LinkIds(str(worker_id), str(assignment_id), str(hit_id))


def _query(link: str) -> dict[str, list[str]]:
    try:
        return parse_qs(urlsplit(link).query)
    except ValueError as error:
        raise _not_ours("This isn't an address that can be read. Copy the link again, whole.") from error


def fill_template(template: str, **values: str) -> str:
    """Fill a template with URL-encoded values."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template


def _not_ours(sentence: str) -> Forbidden:
    return Forbidden(sentence, code="entry_link_invalid")
