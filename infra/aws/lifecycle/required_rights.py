"""`python -m infra.aws.lifecycle.required_rights`: writes the rights that CloudFormation needs.

CloudFormation uses the operator's rights. The schema of a resource type lists the calls of its handlers;
cfn-lint, a development tool, contains the schemas. `data/handlers.json` has the permissions of every type in
the templates, so that deploying needs no cfn-lint, and the table in docs/deploying.md follows from it.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

from chalicelib.messaging.aws_partitions import STANDARD, partition_of
from infra.aws.resources.stack_templates import TEMPLATES

KEPT: Final = Path(__file__).parents[1] / "data" / "handlers.json"
DOCS: Final = Path(__file__).parents[3] / "docs" / "deploying.md"
#: The region whose schemas are read: it has every type, and other regions lack only budgets.
_REGION: Final = "us-east-1"
_TYPE: Final = re.compile(r"^    Type: (AWS::\w+::\w+)$", re.MULTILINE)
_ROW: Final = re.compile(r"^\| `[a-z]+` \| `.*` \|\n", re.MULTILINE)
HANDLERS: Final = ("create", "read", "update", "delete", "list")

Permissions = dict[str, dict[str, list[str]]]


def types() -> list[str]:
    """Return the resource types of the templates."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.glob("*.yaml"))]
    return sorted({kind for text in texts for kind in _TYPE.findall(text)})


@cache
def kept() -> Permissions:
    """Return the stored permissions by resource type and handler."""
    found: Permissions = json.loads(KEPT.read_text(encoding="utf-8"))["types"]
    return found


def regions_with(kind: str) -> list[str] | None:
    """Return the regions in which CloudFormation has a type; None for all regions."""
    found: list[str] | None = json.loads(KEPT.read_text(encoding="utf-8"))["regions"].get(kind)
    return found


def regions_from_schemas() -> dict[str, list[str]]:
    """Return the regions of each type that isn't in all regions of AWS's standard partition."""
    folder = resources.files("cfnlint") / "data" / "schemas" / "providers"
    indexes = {
        place.name.removesuffix(".json"): set(json.loads(place.read_text(encoding="utf-8")))
        for place in folder.iterdir()
        if place.name.endswith(".json") and place.name != "sam.json"
    }
    standard = sorted(region for region in indexes if partition_of(region) == STANDARD)
    has = {kind: [region for region in standard if kind in indexes[region]] for kind in types()}
    return {kind: regions for kind, regions in has.items() if regions != standard}


def read_from_schemas() -> Permissions:
    """Return the permissions in the installed cfn-lint's schemas; LookupError for an unknown type."""
    schemas = resources.files("cfnlint") / "data" / "schemas"
    index = json.loads((schemas / "providers" / f"{_REGION}.json").read_text(encoding="utf-8"))
    actions = _known_actions()
    found: Permissions = {}
    for kind in types():
        schema = json.loads((schemas / "resources" / f"{index[kind]}.json").read_text(encoding="utf-8"))
        handlers: dict[str, Any] = schema["handlers"]
        found[kind] = {
            name: sorted({each for each in handlers[name]["permissions"] if each.lower() in actions})
            for name in HANDLERS
            if name in handlers
        }
    return found


def _known_actions() -> set[str]:
    """Return every IAM action in lower case, because schemas name some that don't exist."""
    text = (resources.files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json").read_text("utf-8")
    return {
        f"{service}:{action}" for service, about in json.loads(text).items() for action in about["Actions"]
    }


def main() -> None:
    """Write the stored permissions and the table in the documentation."""
    about = {
        "source": f"resource schemas of CloudFormation, from cfn-lint {metadata.version('cfn-lint')}",
        "read": f"{datetime.now(UTC):%Y-%m-%d}",
        "regions": regions_from_schemas(),
        "types": read_from_schemas(),
    }
    KEPT.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    kept.cache_clear()
    # Lazy import: at import, it reads the file that was written just now.
    from .rights import NEEDED

    rows = [
        f"| `{service}` | {', '.join(f'`{action}`' for action in actions)} |\n"
        for service, actions in NEEDED.items()
    ]
    text = DOCS.read_text(encoding="utf-8")
    begin, end = text.index("| service | actions |"), text.index("\n\nThe permissions for `budgets`")
    table = "".join(["| service | actions |\n", "|---|---|\n", *rows]).rstrip("\n")
    DOCS.write_text(text[:begin] + table + text[end:], encoding="utf-8")
    sys.stdout.write(f"{len(types())} resource types; {sum(map(len, NEEDED.values()))} rights\n")


if __name__ == "__main__":
    main()
