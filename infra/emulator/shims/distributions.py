"""A CloudFront distribution as a template says it, in the words of CloudFront's own API."""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]
#: Lists that the API wants with their length.
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
#: What CloudFormation takes for granted.
PORTS = {"HTTPPort": 80, "HTTPSPort": 443}
#: Where the API's word isn't the template's.
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
    """In a template both lists stand side by side; the API wants one inside the other."""
    cached = behaviour.pop("CachedMethods", None)
    if cached is not None and "AllowedMethods" in behaviour:
        behaviour["AllowedMethods"]["CachedMethods"] = cached
