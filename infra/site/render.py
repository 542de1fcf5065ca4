"""Renders templates as pages."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import (
    Environment,
    FunctionLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    meta,
)

from chalicelib.currency import currency_of, format_money
from chalicelib.experiment.text_files import NotUTF8Error, read_text

from .assets import Assets
from .source import SiteSource

#: Pages that every experiment has, by address: from its own template of that name, else from the core's.
CORE_PAGES = {
    "ad": "ad.html",
    "consent": "consent.html",
    "instructions": "instructions.html",
    "waiting": "waiting.html",
    "questionnaire": "questionnaire.html",
    "recruiter-exit": "exit_recruiter.html",
    "error-page": "error.html",
    "withdraw": "withdraw.html",
    "launch": "launch.html",
    "complete": "complete.html",
}

#: The page of a study, which shows whatever is due.
STUDY_PAGE = "base/study.html"
#: Pages that a study has only where the author wrote them: its own pages take their place.
NOT_IN_STUDIES = ("instructions", "questionnaire")
#: An author's style sheet, which a study's page loads after its own.
THEME = "theme.css"

#: Names under which templates refer to the experiment.
EXPERIMENT_PAGES = ("exp", "experiment")

_NOTHING = object()


class PublicConfig:
    """The public settings in templates: `config.get(key, default)` and `config.key`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """`settings`: the public ones."""
        self._values = values

    def get(self, key: str, default: Any = _NOTHING) -> Any:
        value = self._values.get(key)
        if value is not None:
            return value
        if default is not _NOTHING:
            return default
        if key in self._values:
            return ""
        raise UndefinedError(
            f"config has no public setting `{key}`: correct the name, register it, or give a default "
            f"with config.get({key!r}, ...)"
        )

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_"):
            raise AttributeError(key)
        return self.get(key)

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._values


def static_address(endpoint: str, **values: Any) -> str:
    """Return the address of a static file, for templates: `url_for('static', filename=...)`."""
    filename = values.get("filename")
    if endpoint != "static" or not filename:
        raise UndefinedError(
            f"url_for({endpoint!r}) knows static files only: url_for('static', filename='images/map.png'); "
            "write the address of a page itself, as in `/exp`"
        )
    return f"/static/{quote(str(filename).lstrip('/'))}"


class Renderer:
    """Renders an experiment's templates, and collects all problems instead of stopping at the first."""

    def __init__(self, source: SiteSource, assets: Assets) -> None:
        """`assets`: the files of the templates."""
        self._assets = assets
        self._is_study = source.is_study
        self.problems: list[str] = []
        self._environment = Environment(
            loader=FunctionLoader(self._load),
            autoescape=True,
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        currency = currency_of(source.config)
        self._environment.globals.update(
            config=PublicConfig(source.config),
            mode=source.mode,
            experiment_name=source.name,
            app_id=source.app_id,
            url_for=static_address,
            currency=currency,
            money=partial(format_money, currency=currency),
            after_consent=self._after_consent(),
            last_page="exp" if self._is_study else "questionnaire",
            theme=f"/static/{THEME}" if THEME in assets.static else None,
        )
        self._environment.filters["money"] = self._environment.globals["money"]

    def pages(self) -> dict[str, str]:
        """Each page's address and its template."""
        own = self._assets.own_templates.keys() - self._fragments()
        pages = CORE_PAGES | {name.removesuffix(".html"): name for name in sorted(own) if _is_page(name)}
        if self._is_study:
            pages = _of_a_study(pages, own)
        served = [name for name in EXPERIMENT_PAGES if name in pages]
        if served:
            pages |= {name: pages.get(name, pages[served[0]]) for name in EXPERIMENT_PAGES}
        return pages

    def render(self, template: str) -> str | None:
        """Return the page's text; records a problem and returns None if it can't be rendered."""
        try:
            return self._environment.get_template(template).render()
        except TemplateSyntaxError as error:
            self._note(error.filename, error.lineno, error.message or "wrong syntax")
        except TemplateNotFound as error:
            self._note(str(self._assets.templates[template]), None, f"there is no template `{error.name}`")
        except UndefinedError as error:
            self._note(*self._place(error, template), str(error.message))
        except NotUTF8Error as error:
            self._note_encoding(error)
        return None

    def _after_consent(self) -> str:
        has_instructions = "instructions.html" in self._assets.own_templates
        return "exp" if self._is_study and not has_instructions else "instructions"

    def _load(self, name: str) -> tuple[str, str, None] | None:
        path = self._assets.templates.get(name)
        return None if path is None else (read_text(path), str(path), None)

    def _note(self, file: str | None, line: int | None, what: str) -> None:
        where = f"{file}, line {line}" if line else str(file)
        problem = f"{where}: {what.rstrip('.')}."
        if problem not in self.problems:
            self.problems.append(problem)

    def _note_encoding(self, error: NotUTF8Error) -> None:
        self._note(str(error.path), error.line, f"{error.what}; {error.fix}")

    def _place(self, error: Exception, template: str) -> tuple[str, int | None]:
        known = {str(path) for path in self._assets.templates.values()}
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in known]
        if not frames:
            return str(self._assets.templates[template]), None
        return frames[-1].filename, frames[-1].lineno

    def _fragments(self) -> set[str]:
        """Return templates that others extend, import or include, except pages."""
        named = {name for path in self._assets.own_templates.values() for name in self._named_in(path)}
        return named - set(CORE_PAGES.values()) - {f"{name}.html" for name in EXPERIMENT_PAGES}

    def _named_in(self, path: Path) -> Iterable[str]:
        try:
            tree = self._environment.parse(read_text(path))
        except NotUTF8Error as error:
            self._note_encoding(error)
            return []
        except TemplateSyntaxError as error:
            self._note(str(path), error.lineno, error.message or "wrong syntax")
            return []
        return [name for name in meta.find_referenced_templates(tree) if name]


def _is_page(name: str) -> bool:
    is_part = any(part.startswith("_") for part in name.split("/"))
    return not is_part and name != "layout.html" and name not in {"exit_recruiter.html", "error.html"}


def _of_a_study(pages: Mapping[str, str], own: AbstractSet[str]) -> dict[str, str]:
    kept = {page: name for page, name in pages.items() if page not in NOT_IN_STUDIES or name in own}
    return kept if any(page in kept for page in EXPERIMENT_PAGES) else kept | {"exp": STUDY_PAGE}
