"""A domain of the operator's own, and the certificate that it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.aws.account import certificates
from infra.aws.account.certificates import Domain, choose
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources.stacks import Stack
from infra.cli.main import app
from infra.emulator.process.cloud import Cloud
from infra.problems import OperatorProblem
from tests.deploy.app import DEMO, Told, at_home, deploy
from tests.deploy.resources import resolved

ARN = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"


class Acm:
    """Certificate Manager, with these certificates."""

    def __init__(self, *kept: dict[str, Any]) -> None:
        self._kept = {each["CertificateArn"]: each for each in kept}

    def describe_certificate(self, CertificateArn: str) -> dict[str, Any]:  # noqa: N803
        return {"Certificate": self._kept[CertificateArn]}

    def get_paginator(self, name: str) -> Acm:
        assert name == "list_certificates"
        return self

    def paginate(self, CertificateStatuses: list[str]) -> list[dict[str, Any]]:  # noqa: N803
        found = [each for each in self._kept.values() if each["Status"] in CertificateStatuses]
        return [{"CertificateSummaryList": found}]


def certificate(name: str, *others: str, status: str = "ISSUED", arn: str = ARN) -> dict[str, Any]:
    return {
        "CertificateArn": arn,
        "DomainName": name,
        "SubjectAlternativeNames": [name, *others],
        "Status": status,
    }


@pytest.fixture
def with_certificates(account: Account, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an account whose Certificate Manager in us-east-1 keeps what the test says."""
    client = account.client

    def keep(*kept: dict[str, Any]) -> Account:
        def of(service: str, region: str | None = None) -> Any:
            if service == "acm":
                assert region == "us-east-1"
                return Acm(*kept)
            return client(service, region)

        monkeypatch.setattr(account, "client", of)
        return account

    return keep


@pytest.mark.parametrize(
    "kept", [("study.example.org",), ("*.example.org",), ("example.org", "study.example.org")]
)
def test_an_issued_certificate_that_covers_the_domain_is_found(
    with_certificates: Any, kept: tuple[str, ...]
) -> None:
    assert choose(with_certificates(certificate(*kept)), "Study.Example.org") == Domain(
        "study.example.org", ARN
    )


@pytest.mark.parametrize(
    "kept",
    [
        certificate("example.org"),
        certificate("*.study.example.org"),
        certificate("*.org"),
        certificate("study.example.org", status="PENDING_VALIDATION"),
    ],
)
def test_a_certificate_that_does_not_cover_the_domain_is_not_used(
    with_certificates: Any, kept: dict[str, Any]
) -> None:
    with pytest.raises(OperatorProblem, match="no issued certificate in us-east-1 that covers study"):
        choose(with_certificates(kept), "study.example.org")


@pytest.mark.parametrize(
    ("arn", "kept", "why"),
    [
        (
            ARN.replace("us-east-1", "eu-central-1"),
            None,
            "in eu-central-1, and CloudFront reads .* us-east-1",
        ),
        ("arn:aws:iam::1:role/x", None, "is not the ARN of a certificate"),
        (
            ARN,
            certificate("study.example.org", status="PENDING_VALIDATION"),
            "pending_validation, not issued",
        ),
        (ARN, certificate("other.example.org"), r"for other\.example\.org, not for study\.example\.org"),
    ],
)
def test_a_certificate_that_cloudfront_would_refuse_is_refused_before(
    with_certificates: Any, arn: str, kept: dict[str, Any] | None, why: str
) -> None:
    with pytest.raises(OperatorProblem, match=why):
        choose(with_certificates(*([kept] if kept else [])), "study.example.org", arn)


@pytest.mark.parametrize("name", ["https://study.example.org", "study", "a..org", "-a.org", "a b.org"])
def test_an_invalid_domain_is_refused(account: Account, name: str) -> None:
    with pytest.raises(OperatorProblem, match="is not a valid domain"):
        choose(account, name)


def test_a_certificate_without_its_domain_is_refused(
    account: Account, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home(monkeypatch, tmp_path, cloud)
    ended = CliRunner().invoke(app, ["sandbox", str(DEMO), "--certificate", ARN, "--no-preflight"])
    assert "Add it with --domain." in ended.stderr


def distribution(**parameters: str) -> dict[str, Any]:
    found = resolved.of_type(resolved.front(**parameters), "AWS::CloudFront::Distribution")["Distribution"]
    config: dict[str, Any] = found["DistributionConfig"]
    return config


def test_a_domain_is_served_with_its_certificate_and_tls_1_2_at_least() -> None:
    config = distribution(Domain="study.example.org", Certificate=ARN)
    assert config["Aliases"] == ["study.example.org"]
    assert config["ViewerCertificate"] == {
        "AcmCertificateArn": ARN,
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }


def test_without_a_domain_cloudfronts_own_certificate_is_used() -> None:
    config = distribution()
    assert (config.get("Aliases"), config["ViewerCertificate"]) == (
        None,
        {"CloudFrontDefaultCertificate": True},
    )


def test_a_domain_is_the_apps_address_until_it_is_removed(
    account: Account, names: Names, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home(monkeypatch, tmp_path, cloud)
    told = Told()
    first = deploy(account, names, told, domain=Domain("study.example.org", ARN)).site_url
    kept = deploy(account, names).site_url
    own = Stack(account, names.front_stack).outputs()["DistributionDomain"]
    assert (
        f"the DNS of study.example.org needs a CNAME record (or an alias) that points to {own}" in told.lines
    )
    gone = deploy(account, names, domain=certificates.NONE).site_url
    assert (first, kept, gone.endswith(".cloudfront.net")) == (
        "https://study.example.org",
        "https://study.example.org",
        True,
    )
