"""The partition of AWS that a region belongs to; every ARN names it."""

from __future__ import annotations

from typing import Final

STANDARD: Final = "aws"
#: The prefixes of regions in other partitions.
_OTHERS: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}


def partition_of(region: str) -> str:
    """Return the partition of a region, as ARNs spell it."""
    found = (name for prefix, name in _OTHERS.items() if region.startswith(prefix))
    return next(found, STANDARD)
