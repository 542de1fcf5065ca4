"""Translates a CloudFront distribution from a template into the format of CloudFront's API."""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]
#: Lists that the API requires with their length.
LISTS = {
    "Aliases",
    "AllowedMethods",
    "CachedMethods",
    "FunctionAssociations",
    "LambdaFunctionAssociations",
    "CacheBehaviors",
    "Origins",
    "OriginCustomHeaders",
    "CustomErrorResponses",
    "OriginSSLProtocols",
}
#: CloudFormation's defaults.
PORTS = {"HTTPPort": 80, "HTTPSPort": 443}
#: Names that differ between the API and the template.
WORDS = {
    "IPV6Enabled": "IsIPV6Enabled",
    "OriginSSLProtocols": "OriginSslProtocols",
    "AcmCertificateArn": "ACMCertificateArn",
    "SslSupportMethod": "SSLSupportMethod",
}


def distribution_config(given: Config, reference: str) -> Config:
    """Translate a template's DistributionConfig, with `reference` as the caller's."""
    config = {"Comment": "", "CallerReference": reference, **_translated(given)}
    default = config["DefaultCacheBehavior"]
    for behaviour in [default, *config.get("CacheBehaviors", {}).get("Items", [])]:
        _nest_cached_methods(behaviour)
    for origin in config["Origins"]["Items"]:
        if "OriginCustomHeaders" in origin:
            origin["CustomHeaders"] = origin.pop("OriginCustomHeaders")
        if "CustomOriginConfig" in origin:
            origin["CustomOriginConfig"] = {**PORTS, **origin["CustomOriginConfig"]}
    return config


def _translated(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        items = [_translated(one) for one in value]
        return {"Quantity": len(items), "Items": items} if name in LISTS else items
    if isinstance(value, dict):
        return {WORDS.get(key, key): _translated(one, key) for key, one in value.items()}
    if value in ("true", "false"):
        return value == "true"
    return int(value) if name.endswith(("Port", "Timeout")) else value


def _nest_cached_methods(behaviour: Config) -> None:
    """Nest a list that a template has next to the other, as the API requires."""
    cached = behaviour.pop("CachedMethods", None)
    if cached is not None and "AllowedMethods" in behaviour:
        behaviour["AllowedMethods"]["CachedMethods"] = cached
