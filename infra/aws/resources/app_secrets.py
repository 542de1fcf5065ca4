"""Manages the app's secrets in SSM, which deploys keep, and the operator's tokens on this machine."""

from __future__ import annotations

import configparser
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.bootstrap import VENDOR_SECRETS
from infra.aws.account.aws_errors import is_gone
from infra.aws.account.local_registry import LocalRegistry
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

SIGNING, TOKEN = "secret", "operator_token"
#: After a rotation, the previous and the current key that sign participants' tokens.
SIGNING_TOKENS: Final = "token_secrets"
#: The keys of the dashboard's distribution: the previous one (after a rotation), the current, and the next.
ORIGIN_KEYS: Final = "origin_keys"
_KEPT_KEYS: Final = 3
#: The maximum size of a SecureString in the standard tier.
MOST: Final = 4096
#: Only the owner may read a file with tokens.
MODE: Final = 0o600
_SECTION: Final = "Deployed apps"


def read(account: Account, names: Names) -> dict[str, Any]:
    """Return the app's secrets, including those for recruiters and mail; empty when there are none."""
    return _read(account, names.vendor_secrets) | _read(account, names.secrets)


def _read(account: Account, name: str) -> dict[str, Any]:
    try:
        found = account.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        if is_gone(error):
            return {}
        raise
    kept: dict[str, Any] = json.loads(found["Parameter"]["Value"])
    return kept


def ensure(
    account: Account, names: Names, settings: Mapping[str, Any], *, rotate: bool = False
) -> dict[str, Any]:
    """Store the app's secrets: the run's own are kept, secret settings are updated.

    `rotate`: the operator's token, the key that signs participants' tokens, and the key of the dashboard's
    distribution are replaced. Tokens that the previous key signed stay valid until they expire; the run's own
    secret is kept, since entry links and completion codes are derived from it.
    """
    kept = read(account, names)
    given = {name: value for name, value in settings.items() if value not in (None, "")}
    own = {
        SIGNING: kept.get(SIGNING) or secrets.token_urlsafe(32),
        TOKEN: kept.get(TOKEN) or secrets.token_urlsafe(18),
        ORIGIN_KEYS: _origin_keys(kept.get(ORIGIN_KEYS) or [], rotate=rotate),
    }
    if kept.get(SIGNING_TOKENS):
        own |= {SIGNING_TOKENS: kept[SIGNING_TOKENS]}
    if rotate:
        last = (kept.get(SIGNING_TOKENS) or [own[SIGNING]])[-1]
        own |= {TOKEN: secrets.token_urlsafe(18), SIGNING_TOKENS: [last, secrets.token_urlsafe(32)]}
    for_vendors = {name: value for name, value in given.items() if name in VENDOR_SECRETS}
    others = {name: value for name, value in given.items() if name not in VENDOR_SECRETS}
    _keep(account, names.vendor_secrets, for_vendors)
    _keep(account, names.secrets, others | own)
    return {**given, **own}


def origin_key(kept: Mapping[str, Any]) -> str:
    """Return the key that the dashboard's distribution sends; a new one for an app without keys."""
    keys = kept.get(ORIGIN_KEYS) or _origin_keys([], rotate=False)
    return str(keys[-2])


def _origin_keys(kept: list[str], *, rotate: bool) -> list[str]:
    """Return the keys after a deploy; the last but one is the current one.

    Functions read them when they start, and CloudFront sends a new key before new functions are served. So
    the next key is stored one rotation ahead: functions that run already accept it.
    """
    if not kept:
        return [secrets.token_urlsafe(32), secrets.token_urlsafe(32)]
    return [*kept, secrets.token_urlsafe(32)][-_KEPT_KEYS:] if rotate else kept


def _keep(account: Account, name: str, wanted: Mapping[str, Any]) -> None:
    if wanted and wanted == _read(account, name):
        return
    text = json.dumps(wanted, sort_keys=True)
    if len(text.encode()) > MOST:
        raise OperatorProblem(
            f"The secret settings together are longer than {MOST} bytes, which is SSM's limit. Shorten the "
            "longest one (in config.txt, ~/.petriconfig or the environment)."
        )
    account.client("ssm").put_parameter(Name=name, Value=text, Type="SecureString", Overwrite=True)


def forget(account: Account, names: Names) -> bool:
    """Delete the app's secrets; False when there were none."""
    were_there = _forget(account, names.vendor_secrets)
    were_there = _forget(account, names.lab_keys) or were_there
    # The run's own secrets come last: without them the app can't be opened any more.
    return _forget(account, names.secrets) or were_there


def _forget(account: Account, name: str) -> bool:
    try:
        account.client("ssm").delete_parameter(Name=name)
    except ClientError as error:
        if is_gone(error):
            return False
        raise
    return True


class OperatorTokens:
    """The operator's tokens of deployed apps, in a file on the operator's machine."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: by default `.petri/tokens` in the operator's home."""
        self.path = path or LocalRegistry().root / "tokens"

    def keep(self, names: Names, region: str, token: str) -> None:
        """Save an app's token; only the owner can read the file."""
        parser = self._read()
        if parser[_SECTION].get(_entry(names, region)) != token:
            parser[_SECTION][_entry(names, region)] = token
            self._write(parser)

    def find(self, names: Names, region: str) -> str | None:
        """Return an app's token, if it is saved here; older files don't contain the region."""
        kept = self._read()[_SECTION]
        return kept.get(_entry(names, region)) or kept.get(_older_entry(names))

    def forget(self, names: Names, region: str) -> None:
        """Remove an app's token."""
        parser = self._read()
        gone = parser[_SECTION].pop(_entry(names, region), None)
        if not names.region:
            gone = parser[_SECTION].pop(_older_entry(names), None) or gone
        if gone is not None:
            self._write(parser)

    def _read(self) -> configparser.RawConfigParser:
        parser = configparser.RawConfigParser()
        parser.read(self.path, encoding="utf-8")
        if not parser.has_section(_SECTION):
            parser.add_section(_SECTION)
        return parser

    def _write(self, parser: configparser.RawConfigParser) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            parser.write(file)
        partial.replace(self.path)


def _entry(names: Names, region: str) -> str:
    return f"{names.app}-{names.stage}-{region}"


def _older_entry(names: Names) -> str:
    return f"{names.app}-{names.stage}"
