"""Reads a Sphinx project, in a process of its own, since that runs the project's conf.py.

`python -m infra.books.sphinx_process SOURCE OUTPUT` builds the project with Sphinx and writes
`OUTPUT/book.json`, and the pictures and downloads of its pages beside it.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.util.osutil import relative_uri

from infra.pages.author_problem import AuthorProblem
from infra.pages.maths import mathml
from petri.sphinx import GIVEN_IDS, IMPORT_BUILDER, PAGE_ID, PAGE_SCRIPT, FeedbackNode, ItemNode

from .sphinx_files import BOOK_FILE, PAGE_SCHEME

_MATHS: Final = "petri"
_ALIGNED: Final = ("aligned", "gathered", "alignedat")

logger = logging.getLogger(__name__)


class BookBuilder(StandaloneHTMLBuilder):
    """Collects the HTML and the items of each document, without a theme around them."""

    name = IMPORT_BUILDER
    search = False
    copysource = False

    def init(self) -> None:
        super().init()
        self.documents: dict[str, dict[str, Any]] = {}

    def get_outdated_docs(self) -> Iterable[str]:  # type: ignore[override]
        return self.env.found_docs

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:  # noqa: ARG002 - Sphinx's
        return PAGE_SCHEME + to

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        self._ask_for_alternative_texts(doctree)
        doctree.settings = self.docsettings
        self.secnumbers = self.env.toc_secnumbers.get(docname, {})
        self.fignumbers = self.env.toc_fignumbers.get(docname, {})
        address = self.get_target_uri(docname)
        self.imgpath, self.dlpath = (relative_uri(address, each) for each in ("_images", "_downloads"))
        self.current_docname = docname
        for number, node in enumerate(doctree.findall(ItemNode)):
            node["number"] = number
        translator: Any = self.create_translator(doctree, self)
        doctree.walkabout(translator)
        self.documents[docname] = {
            "body": "".join(translator.fragment),
            "items": [dict(node.attributes) for node in doctree.findall(ItemNode)],
            "feedback": [dict(node.attributes) for node in doctree.findall(FeedbackNode)],
        }

    @staticmethod
    def _ask_for_alternative_texts(doctree: nodes.document) -> None:
        for image in doctree.findall(nodes.image):
            if "alt" not in image:
                image["alt"] = ""
                logger.warning(
                    "This picture has no alternative text. Describe it with :alt:.", location=image
                )

    def copy_assets(self) -> None:
        """Copy nothing of the theme."""

    def finish(self) -> None:
        self.copy_image_files()
        self.copy_download_files()

    def book(self) -> dict[str, Any]:
        """Return what was read, as JSON."""
        return {
            "title": self.env.titles[self.config.root_doc].astext()
            if self.config.root_doc in self.env.titles
            else self.config.project,
            "root": self.config.root_doc,
            "documents": [self._document(docname) for docname in sorted(self.documents)],
        }

    def _document(self, docname: str) -> dict[str, Any]:
        metadata = self.env.metadata[docname]
        title = self.env.titles.get(docname)
        base = self.config.html_baseurl
        return {
            **self.documents[docname],
            "docname": docname,
            "source": str(self.env.doc2path(docname, base=False)),
            "title": title.astext() if title is not None else docname,
            "url": (f"{base.rstrip('/')}/" if base else "") + self.get_target_uri(docname),
            "ids": [*metadata.get(GIVEN_IDS, []), *([[metadata[PAGE_ID], 1]] if PAGE_ID in metadata else [])],
            "script": metadata.get(PAGE_SCRIPT, ""),
            "children": list(self.env.toctree_includes.get(docname, [])),
        }


class BookApp(Sphinx):
    """Sphinx with Petri's extension and builder, whether or not conf.py names them."""

    def preload_builder(self, name: str) -> None:
        self.setup_extension("petri.sphinx")
        self.add_builder(BookBuilder)
        self.add_html_math_renderer(_MATHS, (_visit_maths, None), (_visit_maths_block, None))
        super().preload_builder(name)


def _visit_maths(translator: Any, node: nodes.math) -> None:
    translator.body.append(_maths(node, is_block=False))
    raise nodes.SkipNode


def _visit_maths_block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node.get("number"):
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})</span>')
    translator.body.append(_maths(node, is_block=True) + "</div>\n")
    raise nodes.SkipNode


def _maths(node: nodes.Element, *, is_block: bool) -> str:
    """Return TeX as MathML; TeX that can't be converted is shown as code, with a warning."""
    tex = node.astext()
    for name in _ALIGNED:
        tex = tex.replace(f"{{{name}}}", "{split}")
    if is_block and (r"\\" in tex or "&" in tex) and r"\begin" not in tex:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    try:
        return mathml(tex, node.line or 1, is_block=is_block)
    except AuthorProblem as problem:
        logger.warning("%s It is shown as TeX.", problem.message, location=node)
        return f"<code>{escape(node.astext())}</code>"


def read(source: Path, output: Path) -> dict[str, Any]:
    """Build the project; return what was read, with Sphinx's warnings. SphinxError when it can't be built."""
    warnings = io.StringIO()
    app = BookApp(
        source,
        source,
        output,
        output / "doctrees",
        IMPORT_BUILDER,
        # The theme is left out, and may not be installed.
        confoverrides={"html_theme": "basic", "html_theme_options": {}, "html_math_renderer": _MATHS},
        status=None,
        warning=warnings,
        freshenv=True,
    )
    app.build(force_all=True)
    builder = app.builder
    if not isinstance(builder, BookBuilder):
        raise SphinxError(f"conf.py replaces the builder {IMPORT_BUILDER}")
    return {**builder.book(), "warnings": warnings.getvalue()}


def main() -> None:
    """Read the project that the command line names; the file says why one can't be built."""
    source, output = (Path(argument) for argument in sys.argv[1:3])
    os.environ["NO_COLOR"] = "1"
    try:
        found = read(source, output)
    except SphinxError as error:
        # An error of conf.py comes with a traceback, whose last line says what it is.
        last = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        found = {"error": f"{error.category}: {last}"}
    (output / BOOK_FILE).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
