"""Applies properties of tables and buckets that moto's CloudFormation ignores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from moto.dynamodb.models.table import Table
from moto.s3.models import FakeBucket

from .stack_resources import Clients, Properties

Complete = Callable[[str, Properties, str], None]


@contextmanager
def properties() -> Iterator[None]:
    """Make moto's CloudFormation apply these properties, for the block."""
    with ExitStack() as patches:
        for model, complete in ((Table, _table), (FakeBucket, _bucket)):
            patches.enter_context(_completed(model, complete))
        yield


@contextmanager
def _completed(model: Any, complete: Complete) -> Iterator[None]:
    create = model.create_from_cloudformation_json.__func__

    def create_whole(
        cls: Any,
        /,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **more: Any,
    ) -> Any:
        resource = create(cls, resource_name, cloudformation_json, account_id, region_name, **more)
        complete(resource.physical_resource_id, cloudformation_json["Properties"], region_name)
        return resource

    with patch.object(model, "create_from_cloudformation_json", classmethod(create_whole)):
        yield


def _table(name: str, properties: Properties, region: str) -> None:
    dynamodb = Clients.of("dynamodb", region)
    if "TimeToLiveSpecification" in properties:
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification=_plain(properties["TimeToLiveSpecification"])
        )
    if "SSESpecification" in properties:
        encrypted = _plain(properties["SSESpecification"]["SSEEnabled"])
        dynamodb.update_table(TableName=name, SSESpecification={"Enabled": encrypted})
    if "PointInTimeRecoverySpecification" in properties:
        dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification=_plain(properties["PointInTimeRecoverySpecification"]),
        )


def _bucket(name: str, properties: Properties, region: str) -> None:
    s3 = Clients.of("s3", region)
    if "PublicAccessBlockConfiguration" in properties:
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration=_plain(properties["PublicAccessBlockConfiguration"]),
        )
    if "VersioningConfiguration" in properties:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"])
    if "OwnershipControls" in properties:
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=properties["OwnershipControls"])
    if "CorsConfiguration" in properties:
        rules = [_cors_rule(one) for one in properties["CorsConfiguration"]["CorsRules"]]
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
    if "LifecycleConfiguration" in properties:
        rules = [_rule(one) for one in properties["LifecycleConfiguration"]["Rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})


def _cors_rule(properties: Properties) -> Properties:
    """Convert a rule to the format of S3's API."""
    rule = dict(properties)
    if "MaxAge" in rule:
        rule["MaxAgeSeconds"] = int(rule.pop("MaxAge"))
    return rule


def _rule(properties: Properties) -> Properties:
    """Convert a rule to the format of S3's API."""
    rule = {"Filter": {"Prefix": properties.get("Prefix", "")}, **properties}
    rule.pop("Prefix", None)
    if "ExpirationInDays" in rule:
        rule["Expiration"] = {"Days": int(rule.pop("ExpirationInDays"))}
    if "Id" in rule:
        rule["ID"] = rule.pop("Id")
    if "ExpiredObjectDeleteMarker" in rule:
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": _plain(rule.pop("ExpiredObjectDeleteMarker"))}
    return rule


def _plain(value: Any) -> Any:
    """Parse booleans, which are text in a template's parameters."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value == "true" if value in ("true", "false") else value
