"""Finds the compiled pages of a folder, and renders them."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Collection, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chalicelib
from chalicelib.errors import ExperimentError, PetriError, RuleBroken
from chalicelib.experiment.config.problems import closest_match
from chalicelib.version import MARK

from .compiled import PAGES_FILE, CompiledPage, CompiledPages
from .shared_banks import BANKS_FILE, bank_files

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from markupsafe import Markup

#: Where a folder's pages and its study lie.
FOLDER, ITEMS, STUDY_FILE = "pages", "items", "study.md"
#: The folder of a study's pictures, sounds and videos.
ASSETS = "assets"
SUFFIXES = frozenset({".md", ".html"})
_COMPILED = 1024


class PageError(ExperimentError):
    """A page can't be rendered; the message names its file and line."""

    code = "page_error"

    def __init__(self, file: str, line: int, what: str, fix: str = "") -> None:
        """`file`, `line`: in the author's folder; `what`, `fix`: sentences."""
        self.file, self.line, self.what, self.fix = file, line, what, fix
        super().__init__(f"{file}, line {line}: {what} {fix}".rstrip())


class PageLibrary:
    """The pages of a study, by name and language."""

    def __init__(self, compiled: CompiledPages) -> None:
        """`compiled`: what `find_pages` found."""
        self.compiled = compiled

    def names(self) -> tuple[str, ...]:
        """Return the names of all pages, sorted."""
        return tuple(sorted({name for _, name in self.compiled.pages}))

    def has_problem(self, name: str) -> bool:
        """Whether a page may be missing because its file has a problem."""
        files = {STUDY_FILE, *(f"{FOLDER}/{name}{suffix}" for suffix in SUFFIXES)}
        return any(problem.file in files for problem in self.compiled.problems)

    def languages(self, name: str) -> tuple[str, ...]:
        """Return the languages of a page, sorted; "" stands for the page outside of language folders."""
        return tuple(sorted(language for language, each in self.compiled.pages if each == name))

    def page(self, name: str, language: str = "") -> CompiledPage:
        """Return a page in a language, such as "de-AT", else in "de", else as it is without a translation.

        Raises ExperimentError when there is no page of that name.
        """
        for each in dict.fromkeys((language, language.partition("-")[0], "")):
            page = self.compiled.pages.get((each, name))
            if page is not None:
                return page
        near = closest_match(name, self.names())
        guess = f", or use {near!r} if you meant that page." if near else "."
        raise ExperimentError(f"There is no page {name!r}; write {FOLDER}/{name}.md{guess}")

    def render(
        self, page: CompiledPage, variables: Mapping[str, Any], ask: Callable[[str], Markup]
    ) -> Markup:
        """Render a page with live values; `ask` returns an item's markup by its name.

        Raises PageError with the file and line of the source when a value is missing or an expression fails.
        Errors of the platform, such as a lost race, are raised as they are.
        """
        # Lazy import: most requests render no page.
        from jinja2 import TemplateError
        from markupsafe import Markup

        try:
            template = _compiled(page.template, page.file, page.lines)
            return Markup(template.render({**variables, "ask": ask}))  # noqa: S704 - autoescape wrote it
        except (RuleBroken, ExperimentError) as error:
            raise _with_place(error, page, str(error)) from _authors_own(error)
        except PetriError:
            raise
        except TemplateError as error:
            raise _with_place(error, page, f"{error.message or 'The template is wrong'}.") from _authors_own(
                error
            )
        except Exception as error:  # noqa: BLE001 - an author's expression can raise anything
            raise _with_place(error, page, f"{type(error).__name__}: {error}.") from _authors_own(error)


def _with_place(error: Exception, page: CompiledPage, what: str) -> PageError:
    """Return the error with the line of the page's source from which it came."""
    # Lazy import: most requests render no page.
    from jinja2 import TemplateSyntaxError

    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == page.file]
    # A syntax error names a line of the template; frames of a traceback have lines of the source.
    if isinstance(error, TemplateSyntaxError):
        line: int | None = page.source_line(error.lineno)
    else:
        line = own[-1].lineno if own else None
    return PageError(page.file, line or 1, f"{what[:1].upper()}{what[1:]}".replace("..", "."))


def _authors_own(error: Exception) -> Exception | None:
    """Return an error that the author's Python raised while a page was rendered; its traceback is of use."""
    # Lazy import: most requests render no page.
    import jinja2
    import markupsafe

    ours = [str(Path(str(module.__file__)).parent) for module in (jinja2, markupsafe, chalicelib)]
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    is_python = last.endswith(".py") and not last.startswith((*ours, "<"))
    return error if is_python else None


@lru_cache(maxsize=_COMPILED)
def _compiled(source: str, file: str, lines: tuple[int, ...]) -> Template:
    """Compile a template, once per process; tracebacks have lines of the source, which `lines` gives."""
    # Lazy import: most requests render no page.
    from jinja2 import Template

    environment = page_environment()
    code = environment.compile(source, name=file, filename=file)
    template = Template.from_code(environment, code, environment.make_globals(None))
    debug_info = [
        (lines[min(line, len(lines)) - 1] if lines else line, at) for line, at in template.debug_info
    ]
    template._debug_info = "&".join(f"{line}={at}" for line, at in debug_info)  # noqa: SLF001 - no public way
    return template


@cache
def page_environment() -> Environment:
    """Return the Jinja environment of pages: text is escaped, and a name without a value is an error."""
    # Lazy import: most requests render no page.
    from jinja2 import Environment

    from .missing_values import MissingValue
    from .template_filters import FILTERS

    environment = Environment(autoescape=True, undefined=MissingValue, keep_trailing_newline=True)
    environment.filters.update(FILTERS)
    return environment


def find_pages(folder: Path) -> CompiledPages:
    """Return the compiled pages of an experiment's folder.

    A staged folder, or one unpacked from an archive, has them in `pages.json`. On the author's machine they
    are compiled, also in an unpacked folder in which a page was changed. A folder without pages has none.

    Raises ExperimentError when there are pages that can't be compiled here.
    """
    sources = page_sources(folder)
    compiled = _staged(folder)
    has_sources = bool(sources) or (folder / BANKS_FILE).is_file()
    if compiled is not None and (not has_sources or compiled.sources == sources_hash(folder, sources)):
        return compiled
    if not has_sources and not (folder / ASSETS).is_dir():
        return CompiledPages()
    compile_folder = _compiler()
    if compile_folder is not None:
        return compile_folder(folder)
    raise ExperimentError(
        f"{folder.name} has pages that must be compiled, and the page compiler isn't installed here; "
        "install Petri with its command (README), or stage the experiment."
    )


def page_sources(folder: Path) -> list[Path]:
    """Return the files of a folder from which pages are compiled, sorted.

    Files and folders inside `pages/` and `items/` whose names begin with _ or . are left out.
    """
    study = folder / STUDY_FILE
    pages = [*_files(folder / FOLDER, SUFFIXES), *item_sources(folder)]
    return [study, *pages] if study.is_file() else pages


def item_sources(folder: Path) -> list[Path]:
    """Return the files of a folder's item bank, sorted: Markdown with blocks that define items."""
    return _files(folder / ITEMS, {".md"})


def _files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in suffixes
        and path.is_file()
        and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    ]


def sources_hash(folder: Path, sources: list[Path]) -> str:
    """Return one hash (SHA-256) of files with their paths, and of the shared banks."""
    whole = hashlib.sha256()
    banks = folder / BANKS_FILE
    own = [*sources, banks] if banks.is_file() else sources
    placed = [(path, path.relative_to(folder).as_posix()) for path in own]
    for path, place in [*placed, *bank_files(folder)]:
        whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {place}\n".encode())
    return whole.hexdigest()


def _staged(folder: Path) -> CompiledPages | None:
    """Return the pages that were compiled when a folder was staged or archived."""
    compiled = folder / PAGES_FILE
    if not (folder / MARK).is_file() or not compiled.is_file():
        return None
    return CompiledPages.from_json(compiled.read_text(encoding="utf-8"))


def _compiler() -> Callable[[Path], CompiledPages] | None:
    # Lazy import: the compiler is installed on the researcher's machine only, and not in Lambda, where it
    # would make each cold start slower.
    from importlib.metadata import entry_points

    for entry_point in entry_points(group="petri.page_compiler"):
        compile_folder: Callable[[Path], CompiledPages] = entry_point.load()
        return compile_folder
    return None
