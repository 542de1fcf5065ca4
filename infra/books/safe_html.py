"""Makes the HTML of a book safe for a page of a study: known elements and attributes only, well nested.

Scripts, styles, forms and plug-ins are left out; so are addresses that aren't pictures, downloads, pages of
the book or web addresses. Braces become entities, because a page of a study is a template.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from infra.pages.markup import html_grammar as grammar

from . import book_grammar as rules
from .sphinx_files import PAGE_SCHEME


@dataclass
class _Element:
    name: str
    #: the place of its start tag in the output, so that it can be replaced
    at: int
    attributes: str
    is_kept: bool = True


@dataclass(frozen=True)
class PageAddresses:
    """Where links of a page lead."""

    #: the address of the page in the built book, such as one/index.html
    page: str
    #: the path inside the book, such as one/sub, of each document that is a page
    pages: Mapping[str, str]
    #: returns the address of a picture or download, by its path in the built book; None if it isn't there
    file: Callable[[str], str | None]


@dataclass
class SafeHtml:
    """A page's HTML, and what was left out of it."""

    html: str
    losses: list[str] = field(default_factory=list)


def safe_html(
    body: str,
    addresses: PageAddresses,
    placed: Mapping[str, Sequence[str]],
    with_feedback: Collection[str] = (),
) -> SafeHtml:
    """Return the HTML of a page that can be shown in a study.

    `placed`: the names of the items that each directive places, by its number on the page. `with_feedback`:
    the items below which their feedback is shown.
    """
    parser = _Cleaner(addresses, placed, with_feedback)
    parser.feed(body)
    parser.close()
    parser.end()
    return SafeHtml("".join(parser.written).strip() + "\n", list(dict.fromkeys(parser.losses)))


class _Cleaner(HTMLParser):
    def __init__(
        self, addresses: PageAddresses, placed: Mapping[str, Sequence[str]], with_feedback: Collection[str]
    ) -> None:
        super().__init__(convert_charrefs=True)
        self._addresses, self._placed, self._with_feedback = addresses, placed, with_feedback
        self.written: list[str] = []
        self.losses: list[str] = []
        self._open: list[_Element] = []
        self._dropped: list[str] = []

    # What the parser calls.

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropped or tag in rules.DROPPED:
            self._drop(tag)
            return
        values = {name: value or "" for name, value in attrs}
        if tag == rules.ITEM:
            for name in self._placed.get(values.get("data-number", ""), ()):
                self._item(name)
            return
        if tag == "a" and rules.OWN_LINKS & set(values.get("class", "").split()):
            self._drop(tag)
            return
        self._start(tag, values)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in grammar.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            if tag in self._dropped:
                del self._dropped[len(self._dropped) - 1 - self._dropped[::-1].index(tag) :]
            return
        if not any(element.name == tag for element in self._open):
            return
        while self._open:
            if self._close().name == tag:
                return

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if data.strip() or self._innermost() not in grammar.NO_TEXT:
            self.written.append(_text(data))

    def _innermost(self) -> str:
        """Return the name of the innermost element that is kept; "" outside of all."""
        return next((each.name for each in reversed(self._open) if each.is_kept), "")

    # What is written.

    def _drop(self, tag: str) -> None:
        if not self._dropped and tag in rules.MISSED:
            self.losses.append(f"{rules.MISSED[tag]} was left out")
        if tag not in grammar.VOID:
            self._dropped.append(tag)

    def _start(self, tag: str, values: Mapping[str, str]) -> None:
        is_maths = tag in rules.MATHS
        attributes = self._maths_attributes(values) if is_maths else self._attributes(tag, values)
        is_in_maths = any(element.name == "math" and element.is_kept for element in self._open)
        # Maths and other HTML can't contain each other's elements.
        is_known = (is_in_maths != (tag == "math")) if is_maths else (tag in rules.KEPT and not is_in_maths)
        is_kept = is_known and attributes is not None
        if is_kept and tag in grammar.NOT_IN_PARAGRAPHS:
            self._open_paragraphs()
        if not is_kept and attributes is not None and tag not in ("html", "body"):
            self.losses.append(f"the element <{tag[:20]}> was left out, and its contents were kept")
        at = len(self.written)
        self.written.append(f"<{tag}{attributes}>" if is_kept else "")
        if tag not in grammar.VOID:
            self._open.append(_Element(tag, at, attributes or "", is_kept))

    def _close(self) -> _Element:
        element = self._open.pop()
        if element.is_kept:
            shown = "div" if self.written[element.at].startswith("<div") else element.name
            self.written.append(f"</{shown}>")
        return element

    def end(self) -> None:
        """Close what is still open."""
        while self._open:
            self._close()

    def _open_paragraphs(self) -> None:
        """Make the paragraphs around a block into divisions, which can contain it."""
        for element in self._open:
            if element.name == "p" and element.is_kept:
                self.written[element.at] = f"<div{element.attributes}>"

    def _item(self, name: str) -> None:
        # A question between the rows of a table, or between the entries of a list, comes after it.
        while self._innermost() in grammar.NO_TEXT:
            self._close()
        for element in self._open:
            if element.name in grammar.PHRASING and element.is_kept:
                self.written[element.at] = f"<div{element.attributes}>"
        self.written.append(f'{{{{ ask("{name}") }}}}\n')
        if name in self._with_feedback:
            # Empty until the participant has answered and may know it; a page can be opened again.
            given = f'player.feedback_to("{name}")'
            shown = f'<div class="book-feedback text" role="note">{{{{ {given} }}}}</div>'
            self.written.append(f"{{% if {given} %}}\n{shown}\n{{% endif %}}\n")

    # Attributes.

    @staticmethod
    def _maths_attributes(values: Mapping[str, str]) -> str:
        return _written(
            {name: value for name, value in values.items() if rules.MATHS_ATTRIBUTE.fullmatch(name)}
        )

    def _attributes(self, tag: str, values: Mapping[str, str]) -> str | None:
        """Return the attributes of an element as text; None when the element is of no use without them."""
        kept = {name: value for name, value in values.items() if name in rules.ATTRIBUTES}
        kept |= {
            name: " ".join(map(_own_id, values[name].split())) for name in rules.REFERENCES if name in values
        }
        lengths = "; ".join(
            f"{part}: {length}" for part, length in rules.LENGTH.findall(values.get("style", ""))
        )
        kept |= {"style": lengths} if lengths else {}
        addresses = self._addresses_of(tag, values)
        return None if addresses is None else _written({**kept, **addresses})

    def _addresses_of(self, tag: str, values: Mapping[str, str]) -> dict[str, str] | None:
        """Return the attributes that are addresses; None when one of them leads nowhere in a study."""
        if tag == "a" and "href" in values:
            return self._link(values["href"])
        media = {name: self._media(tag, values[name]) for name in ("src", "poster") if name in values}
        if None in media.values() or (tag == "iframe" and "src" not in media):
            return None
        return {name: address for name, address in media.items() if address is not None}

    def _link(self, address: str) -> dict[str, str] | None:
        """Return the attributes of a link; None for one that leads nowhere in a study."""
        if address.startswith("#"):
            return {"href": f"#{_own_id(address[1:])}"} if len(address) > 1 else {"href": "#"}
        if address.startswith(PAGE_SCHEME):
            docname, _, anchor = address.removeprefix(PAGE_SCHEME).partition("#")
            path = self._addresses.pages.get(docname)
            if path is None:
                self.losses.append(f"the link to {docname}, which isn't a page of the book, was left out")
                return None
            # The page's script opens it: an address of its own would take participants out of their order.
            # The path begins at the book, which can be anywhere in a timeline.
            opened = {"href": f"#{path}", "data-open": f"./{path}"}
            return {**opened, "data-anchor": _own_id(anchor)} if anchor else opened
        if rules.WEB.match(address):
            return {"href": address, "target": "_blank", "rel": "noopener noreferrer"}
        file = self._file(address)
        if file is None:
            self.losses.append(
                f"the link to {address[:60]!r} was left out, since it leads to no page or file of the book"
            )
            return None
        return {"href": file}

    def _media(self, tag: str, address: str) -> str | None:
        if address.lower().startswith("https://"):
            return address
        file = None if tag == "iframe" else self._file(address)
        if file is None:
            self.losses.append(f"the <{tag}> with the address {address[:60]!r} was left out")
        return file

    def _file(self, address: str) -> str | None:
        """Return the address of a file of the book that a page names by its relative address."""
        if ":" in address.partition("/")[0] or address.startswith("/"):
            return None
        path = address.partition("?")[0].partition("#")[0]
        return self._addresses.file(
            posixpath.normpath(posixpath.join(posixpath.dirname(self._addresses.page), path))
        )


def _own_id(name: str) -> str:
    """Return the id of an element of the book, which no element of Petri's page has."""
    return f"book-{name}"


def _text(text: str) -> str:
    return escape(text, quote=False).replace("{", "&#123;").replace("}", "&#125;")


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(
        f' {name}="{escape(value).replace("{", "&#123;").replace("}", "&#125;")}"'
        for name, value in attributes.items()
    )
