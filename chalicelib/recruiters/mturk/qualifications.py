"""Manages qualifications, which decide who can take part and mark workers who have taken part."""

from __future__ import annotations

import json
import logging
from typing import Any

from chalicelib.errors import ConfigError, VendorUnreachable
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.settings import SettingsLike

from .mturk_errors import TurkRefused
from .requester import Requester

logger = logging.getLogger("petri.mturk")

#: Amazon's own qualification types; see QualificationRequirement in Mechanical Turk's API reference.
PERCENT_APPROVED = "000000000000000000L0"
LOCALE = "00000000000000000071"
#: The maximum number of a HIT's requirements.
MOST = 10
_HIDE = "DiscoverPreviewAndAccept"


class QualificationTypes:
    """The requester's qualification types, by name."""

    def __init__(self, requester: Requester) -> None:
        """`requester`: the connection; found ids are cached."""
        self._requester = requester
        self._ids: dict[str, str] = {}

    def find(self, name: str) -> str | None:
        """Return the id of the requester's qualification of this name, or None."""
        if name not in self._ids:
            types = self._requester.every(
                "list_qualification_types",
                "QualificationTypes",
                Query=name,
                MustBeRequestable=False,
                MustBeOwnedByCaller=True,
            )
            found = next((one["QualificationTypeId"] for one in types if one["Name"] == name), None)
            if found is None:
                return None
            self._ids[name] = found
        return self._ids[name]

    def find_or_create(self, name: str, description: str) -> str:
        """Return the id of the qualification with this name, and create it if there is none."""
        return self.find(name) or self._make(name, description)

    def _make(self, name: str, description: str) -> str:
        try:
            response = self._requester.ask(
                "create_qualification_type",
                Name=name,
                Description=description,
                QualificationTypeStatus="Active",
            )
        except TurkRefused as refused:
            if refused.reason != "QualificationTypeAlreadyExists":
                raise
            raise VendorUnreachable(
                f"Mechanical Turk has the qualification {name!r} but doesn't list it yet; "
                "it is asked again later."
            ) from refused
        self._ids[name] = str(response["QualificationType"]["QualificationTypeId"])
        return self._ids[name]

    def give(self, qualification_id: str, worker_id: str, score: int, *, notify: bool = False) -> None:
        """Give a worker a qualification, or change their score."""
        self._requester.ask(
            "associate_qualification_with_worker",
            QualificationTypeId=qualification_id,
            WorkerId=worker_id,
            IntegerValue=score,
            SendNotification=notify,
        )

    def take(self, qualification_id: str, worker_id: str, reason: str = "") -> None:
        """Revoke a qualification from a worker."""
        self._requester.ask(
            "disassociate_qualification_from_worker",
            QualificationTypeId=qualification_id,
            WorkerId=worker_id,
            **({"Reason": reason} if reason else {}),
        )

    def requirements(self, config: SettingsLike) -> list[dict[str, Any]]:
        """Return the requirements for seeing and accepting an experiment's HITs, from its settings."""
        required = [
            _requirement(
                PERCENT_APPROVED,
                "GreaterThanOrEqualTo",
                IntegerValues=[RunSettings.read(config).approve_requirement],
            )
        ]
        if config.get("us_only", None):
            required.append(_requirement(LOCALE, "EqualTo", LocaleValues=[{"Country": "US"}]))
        required += [self._without(name) for name in names_in(config) if self._is_there(name)]
        required += _own_requirements(RunSettings.read(config).mturk_qualification_requirements)
        if len(required) > MOST:
            raise ConfigError(
                f"A HIT can have {MOST} requirements, and the settings ask for {len(required)}; shorten "
                "mturk_qualification_blocklist or mturk_qualification_requirements."
            )
        return required

    def _is_there(self, name: str) -> bool:
        exists = self.find(name) is not None
        if not exists:
            logger.info("no worker has the qualification %r of the blocklist yet: it excludes no one", name)
        return exists

    def _without(self, name: str) -> dict[str, Any]:
        return _requirement(str(self.find(name)), "DoesNotExist")


def exclusive(qualification_id: str) -> dict[str, Any]:
    """Require a qualification, so that no other worker sees the HIT."""
    return _requirement(qualification_id, "Exists")


def names_in(config: SettingsLike) -> list[str]:
    """Return the names in mturk_qualification_blocklist."""
    words = str(config.get("mturk_qualification_blocklist", None) or "").split(",")
    return list(dict.fromkeys(word.strip() for word in words if word.strip()))


def _requirement(qualification_id: str, comparator: str, **values: Any) -> dict[str, Any]:
    return {
        "QualificationTypeId": qualification_id,
        "Comparator": comparator,
        "ActionsGuarded": _HIDE,
        **values,
    }


def _own_requirements(text: str) -> list[dict[str, Any]]:
    given = json.loads(text)
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ConfigError(
            "mturk_qualification_requirements must be a JSON list of QualificationRequirement objects."
        )
    return given
