"""Checks the settings of accounts that a run uses: the mailer, the recruiters, and the ways to sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

from chalicelib.bootstrap import VENDORS
from chalicelib.errors import ConfigError
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.messaging.mail import mailers
from chalicelib.messaging.system_clock import SystemClock
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings
from chalicelib.recruiters.link import SONA
from chalicelib.recruiters.link.recruiter import ANY
from chalicelib.recruiters.link.sona_credit import completion_url
from infra.packaging.requirements import SIGN_IN_PACKAGES

from .findings import Finding, error, warning

_ADDRESS = "https://verify.invalid"


def accounts(config: Configuration) -> Iterator[Finding]:
    """Find missing or invalid settings of accounts, without connecting to them."""
    if not config.ready or config.get("mode") == "debug":
        return
    settings = Settings(config)
    yield from _refused(lambda: mailers.build_mailer(settings))
    names = recruiter_names(settings)
    if "link" in names:
        yield from _credit(settings)
    for name in names:
        if name in VENDORS:
            yield from _refused(lambda name=name: _build(name, settings))  # type: ignore[misc]


def _credit(settings: Settings) -> Iterator[Finding]:
    """Find what is missing for SONA to grant credit."""
    if settings.get("link_credit") != SONA:
        if settings.get("sona_credit_url"):
            yield error(
                "config.txt", "sona_credit_url has no effect.", "Set link_credit = sona, or remove it."
            )
        return
    if str(settings.get("link_workers") or "").strip().lower() != ANY:
        yield error(
            "config.txt",
            "link_credit = sona needs the ids that SONA inserts into the study's address.",
            "Set link_workers = any.",
        )
    yield from _refused(lambda: completion_url(str(settings.get("sona_credit_url") or ""), "code"))


def sign_in_packages(config: Configuration) -> Iterator[Finding]:
    """Warn of packages that a way to sign in to the dashboard needs, and that this machine lacks."""
    if not config.ready:
        return
    for setting, requirement in SIGN_IN_PACKAGES.items():
        name = requirement.partition(">")[0]
        if config.get(setting, None) and find_spec(name) is None:
            yield warning(
                "config.txt",
                f"{setting} needs the package {name}, which this machine lacks.",
                "To sign in with it to a run on this machine: pip install 'petri[sign-in]'. A deployed app "
                "gets the package.",
            )


def _build(name: str, settings: Settings) -> Any:
    # Lazy import: most experiments use one vendor, and each has its own client library.
    if name == "mturk":
        from chalicelib.recruiters import mturk

        return mturk.build(settings, lambda: _ADDRESS, SystemClock(), app_id="verify", topic=None)
    from chalicelib.recruiters import prolific

    return prolific.build(settings, lambda: _ADDRESS, SystemClock(), secret="verify")  # noqa: S106 - no secret


def _refused(build: Callable[[], Any]) -> Iterator[Finding]:
    try:
        build()
    except ConfigError as refusal:
        for line in str(refusal).splitlines():
            what, _, fix = line.partition(". ")
            yield error("config.txt", f"{what.rstrip('.')}.", fix)
