"""Renders the CloudFormation templates, with the API's addresses and CloudFront's functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.experiment.routes import AuthorRoute
from infra.lambda_events.routing import Routes
from infra.problems import OperatorProblem

HERE = Path(__file__).parents[1]
TEMPLATES = HERE / "templates"
#: CloudFront's quota of behaviours, not counting the default one, and those that front.yaml itself has.
MOST_BEHAVIOURS = 75 - 1
OWN_BEHAVIOURS = 2
#: What the participants' distribution doesn't serve: it has a host of its own, away from authors' scripts.
OTHER_HOST = ("/dashboard", "/api/v1")
#: Their path patterns.
TAKEN = ("/chat", "/static/*")
#: The beginnings of Petri's own routes that are so many that one behaviour stands for all of them.
JOINT = ("/page/",)
#: AWS's size limit for a template that isn't uploaded to a bucket first.
MOST_BYTES = 51_200
#: AWS's size limit for a CloudFront function.
MOST_CODE = 10_240

#: The line of front.yaml that the behaviours of the API's routes replace.
_MARK = (
    "          # infra/aws/resources/stack_templates.py adds the API's routes here,"
    " including an author's own.\n"
)
_CODE = re.compile(r"^(?P<margin> +)FunctionCode: functions/(?P<file>\w+\.js)\n", re.MULTILINE)
#: A line of the template that is only a comment.
_COMMENT = re.compile(r"^ *#[^\n]*\n", re.MULTILINE)
#: The resource with the comment before it, up to the next resource or comment of the template.
_BUDGET = re.compile(r"(?:^  # [^\n]*\n)*^  Budget:\n(?:^(?:    [^\n]*)?\n)*", re.MULTILINE)
_NO_PAGES = "const PAGES = null;"
_VARIABLE = re.compile(r"\{\w+\}")
#: Managed by AWS: CachingDisabled, and AllViewerExceptHostHeader.
_NEVER_KEPT = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Where CloudFront routes the requests for a path pattern; `*` matches any text."""

    pattern: str
    #: api: the REST API. shared: the API too, except that a GET of the page gets its file.
    #: page: the bucket, with a function that finds the file. file: the bucket, by the file's own name.
    goes_to: str


def base_template(*, budgets: bool = True) -> str:
    """Return base.yaml without types that the region lacks, which CloudFormation would refuse.

    `budgets`: whether the region has budgets.
    """
    text = (TEMPLATES / "base.yaml").read_text(encoding="utf-8")
    return text if budgets else _BUDGET.sub("", text)


def front_template(routes: Mapping[str, Iterable[str]], pages: Iterable[str] = ()) -> str:
    """Return front.yaml for an app with these routes (`app.routes`) and pages (`BuiltSite.pages`).

    Raises OperatorProblem when these need more behaviours than CloudFront allows.
    """
    known = sorted(set(pages))
    found = behaviours(routes, known)
    if len(found) > MOST_BEHAVIOURS - OWN_BEHAVIOURS:
        raise OperatorProblem(
            f"The experiment's routes and pages need {len(found)} behaviours in CloudFront, which allows "
            f"{MOST_BEHAVIOURS - OWN_BEHAVIOURS}; put your own routes under one prefix, such as /mine/..."
        )
    text = (TEMPLATES / "front.yaml").read_text(encoding="utf-8")
    text = _CODE.sub(lambda place: _with_code(place, known), text)
    text = text.replace(_MARK, "".join(_written(behaviour) for behaviour in found))
    # Comments are for the readers of front.yaml; AWS limits the length.
    text = _COMMENT.sub("", text)
    if len(text.encode()) > MOST_BYTES:
        raise OperatorProblem(
            "The experiment's routes and pages make the template of CloudFront too long for AWS; use fewer, "
            "or shorter names."
        )
    return text


def routes_of(own: Iterable[AuthorRoute] = ()) -> dict[str, list[str]]:
    """Return the participants' routes of an app, and the methods of each: Petri's and an author's own."""
    # Lazy import: it imports everything that a function imports.
    from app import app

    found = {path: set(methods) for path, methods in app.routes.items() if not path.startswith(OTHER_HOST)}
    for route in own:
        found.setdefault(route.rule.path, set()).update(route.methods)
    return {path: sorted(methods) for path, methods in sorted(found.items())}


def behaviours(routes: Mapping[str, Iterable[str]], pages: Iterable[str] = ()) -> list[Behaviour]:
    """Return CloudFront's behaviours in order; the first that matches applies.

    Requests are routed as on one machine: to the API if it has a route for the method, else to the page.
    """
    patterns = _without_covered([*(_VARIABLE.sub("*", path) for path in routes), *_joint(routes)])
    exceptions = list(_exceptions(routes, patterns, sorted(pages)))
    excepted = {one.pattern for one in exceptions}
    return [*exceptions, *(Behaviour(pattern, "api") for pattern in patterns if pattern not in excepted)]


def _joint(routes: Iterable[str]) -> list[str]:
    """Return the patterns that stand for all routes below Petri's own words: each saves behaviours."""
    return [f"{prefix}*" for prefix in JOINT if any(path.startswith(prefix) for path in routes)]


def fits(pattern: str, path: str) -> bool:
    """Whether CloudFront's pattern matches a path; `*` matches any text, including slashes."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path, re.DOTALL) is not None


def _without_covered(patterns: Iterable[str]) -> list[str]:
    """Remove patterns that another one covers, and sort the longest first."""
    known = sorted(set(patterns))
    for pattern in known:
        if any(fits(taken, pattern) for taken in TAKEN):
            raise OperatorProblem(
                f"The route {pattern} has the path of something else behind CloudFront, which routes by "
                "path alone; rename your route."
            )
        if pattern.startswith("/*"):
            raise OperatorProblem(
                f"The route {pattern} would match every page's path; begin your route with a fixed word, "
                "such as /mine/<x>."
            )
    needed = [one for one in known if not any(other != one and fits(other, one) for other in known)]
    return sorted(needed, key=lambda pattern: (-len(pattern), pattern))


def _exceptions(
    routes: Mapping[str, Iterable[str]], patterns: list[str], pages: Iterable[str]
) -> Iterator[Behaviour]:
    """Return the pages whose path goes to the API, although the API has no GET route for it."""
    known = Routes(routes)
    for page in pages:
        address = f"/{page}"
        if not any(fits(pattern, address) for pattern in patterns):
            continue
        match = known.match(address)
        if match is None:
            yield Behaviour(address, "page")
        elif "GET" not in match.methods:
            yield Behaviour(address, "shared")
            yield Behaviour(f"{address}.html", "file")


def _written(behaviour: Behaviour) -> str:
    to_api = behaviour.goes_to in {"api", "shared"}
    lines = [f"- PathPattern: {behaviour.pattern!r}", *(_TO_API if to_api else _TO_SITE)]
    function = {"shared": "LaunchFunction", "page": "PagesFunction"}.get(behaviour.goes_to)
    if function:
        lines += [
            "  FunctionAssociations:",
            "    - EventType: viewer-request",
            f"      FunctionARN: !GetAtt {function}.FunctionMetadata.FunctionARN",
        ]
    return "".join(f"          {line}\n" for line in lines)


_TO_API = (
    "  TargetOriginId: api",
    # No redirect: what was sent unencrypted is already exposed.
    "  ViewerProtocolPolicy: https-only",
    "  AllowedMethods: [GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE]",
    f"  CachePolicyId: {_NEVER_KEPT}",
    f"  OriginRequestPolicyId: {_ALL_BUT_HOST}",
    "  ResponseHeadersPolicyId: !Ref FreshHeaders",
)
_TO_SITE = (
    "  TargetOriginId: site",
    "  ViewerProtocolPolicy: redirect-to-https",
    "  AllowedMethods: [GET, HEAD]",
    "  Compress: true",
    "  CachePolicyId: !Ref PagesCache",
    "  ResponseHeadersPolicyId: !Ref FreshHeaders",
)


def _with_code(place: re.Match[str], pages: list[str]) -> str:
    code = _with_pages((HERE / "functions" / place["file"]).read_text(encoding="utf-8"), pages)
    margin = place["margin"]
    indented = "".join(f"{margin}  {line}".rstrip() + "\n" for line in code.splitlines())
    return f"{margin}FunctionCode: |\n{indented}"


def _with_pages(code: str, pages: list[str]) -> str:
    """Write the list of pages into a function; with too many pages, it queries the bucket instead."""
    with_pages = code.replace(_NO_PAGES, f"const PAGES = {json.dumps(pages)};") if pages else code
    return with_pages if len(with_pages.encode()) <= MOST_CODE else code
