"""A Sphinx extension: directives with which the sources of a book ask items, give feedback and name pages.

Add it to the book's `conf.py` with `extensions = ["petri.sphinx"]`, so that every Sphinx builder knows the
directives; `petri import-book` adds it where it is missing. docs/books-import.md describes the directives.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StateMachine
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from chalicelib.study.items import kinds
from chalicelib.version import VERSION

__all__ = ["FeedbackNode", "ItemNode", "setup"]

#: The builder with which `petri import-book` reads a book: items become places that Petri fills.
IMPORT_BUILDER: Final = "petri-book"
#: The metadata of a document that hold its page id and the name of its script.
PAGE_ID, PAGE_SCRIPT = "petri-page", "petri-script"
#: The metadata key with the page ids that the directive gives, each with its line.
GIVEN_IDS: Final = "petri-page-ids"


class ItemNode(nodes.General, nodes.Element):
    """An item at its place in the text: kind, name, label, and its YAML with the line where that begins."""


class FeedbackNode(nodes.General, nodes.Invisible, nodes.Element):
    """What a participant reads after an answer to an item."""


class _PetriDirective(SphinxDirective):
    has_content = True
    final_argument_whitespace = True
    required_arguments = 1

    def placed(self, node: nodes.Element) -> nodes.Element:
        """Return the node with its file and line."""
        source, line = self.get_source_info()
        node["file"], node["place"] = source, line
        node.source, node.line = source, line
        return node

    def first_line(self) -> str:
        """Return the argument; text right below the directive, without an empty line, belongs to the body."""
        return str(self.arguments[0]).partition("\n")[0].strip()

    def body(self) -> tuple[str, int]:
        """Return the body and the line of the file at which it begins."""
        line: int = self.get_source_info()[1]
        above = str(self.arguments[0]).partition("\n")[2]
        written = "\n".join(self.content)
        if above:
            return f"{above}\n{written}", line + 1
        # In reStructuredText the offset counts from the top of the file, in MyST from the directive.
        is_rst = isinstance(self.state_machine, StateMachine)
        return written, line + 1 + self.content_offset - (self.lineno if is_rst else 0)


class ItemDirective(_PetriDirective):
    """`petri-item:: choice capital`, with the item's settings in YAML."""

    option_spec: ClassVar[dict[str, Any]] = {"label": directives.unchanged_required}
    #: The kind of item that the directive's own name says; "" if the argument names it.
    kind: ClassVar[str] = ""

    def run(self) -> list[nodes.Node]:
        """Return the item's node."""
        words = self.first_line()
        kind, rest = (self.kind, words) if self.kind else _split(words)
        name, _, prompt = (part.strip() for part in rest.partition(":"))
        body, line = self.body()
        node = ItemNode(
            "",
            kind=kind,
            item=rest,
            name=name,
            body=body,
            body_line=line,
            label=self.options.get("label", ""),
        )
        shown = prompt or _prompt_in(body) or name
        node += nodes.paragraph(shown, shown)
        return [self.placed(node)]


class FeedbackDirective(_PetriDirective):
    """`petri-feedback:: capital`, with the option `answer` and a text."""

    option_spec: ClassVar[dict[str, Any]] = {"answer": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the feedback's node, which isn't shown."""
        # Feedback is plain text: markup in it is read, and its words stay.
        text = "\n\n".join(one.astext() for one in self.parse_content_to_nodes())
        answer = self.options.get("answer", "")
        node = FeedbackNode("", item=self.first_line(), answer=answer, text=text.strip())
        return [self.placed(node)]


class PageDirective(_PetriDirective):
    """`petri-page:: welcome`: the id by which the page is found again when its file is renamed."""

    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {"script": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Note the id; nothing is shown."""
        metadata = self.env.metadata[self.env.docname]
        metadata.setdefault(GIVEN_IDS, []).append([self.first_line(), self.get_source_info()[1]])
        if "script" in self.options:
            metadata[PAGE_SCRIPT] = self.options["script"]
        return []


def _split(words: str) -> tuple[str, str]:
    kind, _, rest = words.partition(" ")
    return kind, rest.strip()


def _prompt_in(body: str) -> str:
    """Return the prompt that a body sets; "" for a body without one, or one that isn't YAML."""
    try:
        values = yaml.safe_load(body)
    except yaml.YAMLError:
        return ""
    return str(values.get("prompt", "")) if isinstance(values, dict) else ""


def _visit_html(translator: Any, node: ItemNode) -> None:
    if translator.builder.name == IMPORT_BUILDER:
        translator.body.append(f'<petri-item data-number="{node["number"]}"></petri-item>\n')
        raise nodes.SkipNode
    translator.body.append(translator.starttag(node, "div", CLASS="petri-item"))


def _depart_html(translator: Any, _node: ItemNode) -> None:
    translator.body.append("</div>\n")


def _pass(_translator: Any, _node: nodes.Element) -> None:
    """Show the prompt alone, in formats in which an item can't be answered."""


def _skip(_translator: Any, _node: nodes.Element) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives to Sphinx, which calls this.

    Args:
        app: Sphinx's application.

    Returns:
        What Sphinx needs to know about the extension.

    """
    shown, left_out = (_pass, _pass), (_skip, None)
    app.add_node(
        ItemNode, html=(_visit_html, _depart_html), latex=shown, text=shown, man=shown, texinfo=shown
    )
    app.add_node(FeedbackNode, html=left_out, latex=left_out, text=left_out, man=left_out, texinfo=left_out)
    app.add_directive("petri-item", ItemDirective)
    for kind in kinds():
        app.add_directive(f"petri-{kind}", type("ItemDirective", (ItemDirective,), {"kind": kind}))
    app.add_directive("petri-feedback", FeedbackDirective)
    app.add_directive("petri-page", PageDirective)
    return {"version": VERSION, "parallel_read_safe": True, "parallel_write_safe": True}
