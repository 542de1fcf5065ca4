"""A template as CloudFormation reads it with given parameters: no function of the template is left in it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from infra.aws.account.names import Names
from infra.aws.resources.stack_templates import base_template, front_template, routes_of

ACCOUNT, REGION = "123456789012", "eu-central-1"
NAMES = Names("story", "live", REGION)
PAGES = ("ad", "complete", "consent", "exp", "experiment", "launch", "questionnaire", "withdraw")
BASE = {"AlarmEmail": "lab@example.com", "SpendLimit": "50", "DeletionProtection": "true"}
FRONT = {"RestApiId": "rest123", "WebsocketApiId": "socket456", "OriginKey": "key-of-the-dashboards-origin"}
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}

Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _tagged(loader: _Loader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    else:
        assert isinstance(node, yaml.SequenceNode)
        value = loader.construct_sequence(node, deep=True)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _tagged)


def loaded(text: str) -> Template:
    """Read a template."""
    template: Template = yaml.load(text, _Loader)  # noqa: S506 - a safe loader with tags
    return template


def base(**parameters: str) -> Template:
    """Return base.yaml, resolved."""
    return resolved(loaded(base_template()), BASE | parameters)


def front(**parameters: str) -> Template:
    """Return front.yaml for Petri's own routes, resolved."""
    return resolved(loaded(front_template(routes_of(), PAGES)), FRONT | parameters)


def resolved(template: Template, given: dict[str, str]) -> Template:
    """Return the resources that are made, and the outputs, without any function of the template."""
    values: dict[str, Any] = {
        **{name: about.get("Default") for name, about in template["Parameters"].items()},
        "App": NAMES.app,
        "Stage": NAMES.stage,
        "Place": NAMES.place,
        **given,
        **PSEUDO,
    }
    reader = _Reader(template, values)
    made = {
        name: resource
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or reader.holds(resource["Condition"])
    }
    return {"Resources": reader.read(made), "Outputs": reader.read(template.get("Outputs", {}))}


class _Reader:
    def __init__(self, template: Template, values: dict[str, Any]) -> None:
        self._conditions = template.get("Conditions", {})
        self._resources = template["Resources"]
        self._values = values

    def holds(self, name: str) -> bool:
        return bool(self.read(self._conditions[name]))

    def read(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.read(one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return getattr(self, "_" + name.removeprefix("Fn::").lower())(argument)
            if name == "Condition" and isinstance(argument, str):
                return self.holds(argument)
        read = {key: self.read(one) for key, one in value.items()}
        return {key: one for key, one in read.items() if one != "<AWS::NoValue>"}

    def _ref(self, name: str) -> Any:
        return self._values.get(name, f"<{name}>")

    def _getatt(self, name: str) -> str:
        return f"<{name}>"

    def _sub(self, text: str) -> str:
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(self._ref(found[1])), text)

    def _if(self, arguments: list[Any]) -> Any:
        condition, then, otherwise = arguments
        return self.read(then if self.holds(condition) else otherwise)

    def _equals(self, arguments: list[Any]) -> bool:
        left, right = (str(self.read(one)) for one in arguments)
        return left == right

    def _not(self, arguments: list[Any]) -> bool:
        return not self.read(arguments[0])

    def _and(self, arguments: list[Any]) -> bool:
        return all(self.read(one) for one in arguments)


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of the resources of a type, by their name in the template."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
