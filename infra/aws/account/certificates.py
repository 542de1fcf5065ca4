"""Finds the ACM certificate of the operator's own domain: issued, and in the region that CloudFront reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from infra.problems import OperatorProblem

from .aws_errors import REFUSALS, is_gone, plainly
from .session import Account

#: CloudFront reads certificates only from this region, whatever the app's region.
REGION: Final = "us-east-1"
_DOMAIN: Final = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")
_ARN: Final = re.compile(r"arn:[a-z-]+:acm:(?P<region>[a-z0-9-]+):\d{12}:certificate/[\w-]+\Z")
_ASK: Final = (
    f"Request one in the console under Certificate Manager in {REGION} (N. Virginia), validate it by DNS, "
    "and run the command again."
)


@dataclass(frozen=True)
class Domain:
    """A domain at which participants reach an app, and its certificate."""

    name: str = ""
    certificate: str = ""


NONE: Final = Domain()


def choose(account: Account, name: str, certificate: str = "") -> Domain:
    """Return a domain with an issued certificate that covers it; raises OperatorProblem with what is missing.

    `certificate`: the ARN of the one to use; by default any that matches. An empty name means that there is
    no domain.
    """
    if not name:
        return NONE
    name = checked_domain(name)
    if certificate:
        return Domain(name, _checked(account, name, certificate))
    with plainly():
        found = [each for each in _issued(account) if covers(each, name)]
    if not found:
        raise OperatorProblem(f"ACM has no issued certificate in {REGION} that covers {name}. {_ASK}")
    return Domain(name, str(found[0]["CertificateArn"]))


def checked_domain(name: str) -> str:
    """Return a domain's name in lower case without a trailing dot; OperatorProblem if it isn't valid."""
    name = name.lower().rstrip(".")
    if not _DOMAIN.match(name):
        raise OperatorProblem(
            f"{name!r} is not a valid domain; give one such as study.example.org, without https://."
        )
    return name


def _checked(account: Account, name: str, arn: str) -> str:
    found = _ARN.match(arn)
    if found is None:
        raise OperatorProblem(f"{arn!r} is not the ARN of a certificate of ACM.")
    if found["region"] != REGION:
        raise OperatorProblem(
            f"The certificate is in {found['region']}, and CloudFront reads certificates only from "
            f"{REGION}. {_ASK}"
        )
    try:
        details = account.client("acm", REGION).describe_certificate(CertificateArn=arn)["Certificate"]
    except REFUSALS as error:
        if is_gone(error):
            raise OperatorProblem(f"There is no certificate {arn} in this account. {_ASK}") from error
        raise
    if details.get("Status") != "ISSUED":
        status = str(details.get("Status")).lower()
        raise OperatorProblem(
            f"The certificate for {details.get('DomainName')} is {status}, not issued. "
            "Validate it (by DNS, in the console under Certificate Manager) and run the command again."
        )
    if not covers(details, name):
        names = ", ".join(_names_on(details))
        raise OperatorProblem(f"The certificate is for {names}, not for {name}. {_ASK}")
    return arn


def _issued(account: Account) -> list[dict[str, Any]]:
    acm = account.client("acm", REGION)
    pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=["ISSUED"])
    arns = [each["CertificateArn"] for page in pages for each in page["CertificateSummaryList"]]
    # A summary doesn't always list all names.
    return [acm.describe_certificate(CertificateArn=arn)["Certificate"] for arn in arns]


def _names_on(certificate: dict[str, Any]) -> list[str]:
    return sorted({str(certificate.get("DomainName")), *certificate.get("SubjectAlternativeNames", ())})


def covers(certificate: dict[str, Any], name: str) -> bool:
    """Whether a certificate's name covers a domain; `*.example.org` covers one label before example.org."""
    wildcard = f"*.{name.partition('.')[2]}"
    return any(one.lower() in {name, wildcard} for one in _names_on(certificate))
