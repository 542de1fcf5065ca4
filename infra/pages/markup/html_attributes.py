"""Checks the attributes of a page's HTML, and the live values in them."""

from __future__ import annotations

from html import unescape
from typing import Final

from chalicelib.study.pages.template_filters import is_safe_address, is_safe_media
from infra.pages.author_problem import AuthorProblem
from infra.pages.jinja_tags import Tag

from . import html_grammar as grammar
from .html_reader import HtmlReader, Where

_SCRIPT: Final = "Put the code into static/, and name it in the page's settings: `script: x.js`."
_WHOLE_ADDRESS: Final = "Build the whole address in one expression, or begin it with https:// or /."


class AttributeReader:
    """Reads one tag of HTML up to its end."""

    def __init__(self, check: HtmlReader, name: str, serial: int) -> None:
        """`name`: the element's; `serial`: its number on the page."""
        self._check, self._name, self.serial = check, name, serial
        self._attributes: dict[str, str] = {}

    def read(self) -> bool:
        """Read up to the tag's end; returns whether it ends in />."""
        check = self._check
        line = check.line
        while True:
            html, position = check.html, check.position
            if position >= len(html):
                raise AuthorProblem(line, f"The tag <{self._name} isn't closed.", "Add > at its end.")
            space = grammar.SPACE.match(html, position)
            if space:
                check.write(space[0])
            elif html.startswith("/>", position):
                check.write("/>")
                break
            elif html[position] == ">":
                check.write(">")
                break
            elif not check.jinja(self._in_tag):
                self._attribute()
        self._check_attributes(line)
        return html.startswith("/>", position)

    def _in_tag(self, tag: Tag) -> None:
        if tag.kind == "expression":
            raise AuthorProblem(
                tag.line,
                f"{tag} is among the attributes of <{self._name}>.",
                'Write the value in quotes after a name: class="{{ ... }}".',
            )
        self._check.statement(tag, Where("tag", self.serial))

    def _attribute(self) -> None:
        check = self._check
        line = check.line
        match = grammar.NAME.match(check.html, check.position)
        name = match[0] if match else ""
        name = name[: name.find(check.page.prefix)] if check.page.prefix in name else name
        if not name:
            shown = check.shown()
            raise AuthorProblem(
                line, f"The tag <{self._name}> can't be read at {shown}.", "Check its quotes."
            )
        check.write(name)
        equals = grammar.EQUALS.match(check.html, check.position)
        value = ""
        if equals:
            check.write(equals[0])
            value = self._value(name.lower(), line)
        if name.lower() in self._attributes and not check.open_statements:
            raise AuthorProblem(
                line, f"<{self._name}> has the attribute {name} twice.", "Remove one of the two."
            )
        self._attributes[name.lower()] = value

    def _value(self, name: str, line: int) -> str:
        check = self._check
        quote = check.html[check.position : check.position + 1]
        if quote not in ('"', "'"):
            bare = grammar.BARE.match(check.html, check.position)
            if bare is None or check.page.prefix in bare[0]:
                raise AuthorProblem(
                    line, f"The attribute {name} of <{self._name}> has no quotes.", f'Write {name}="...".'
                )
            check.write(bare[0])
            value = bare[0]
            self._check_address(name, value, line)
            return value
        end = check.html.find(quote, check.position + 1)
        if end < 0:
            raise AuthorProblem(
                line, f"The attribute {name} of <{self._name}> isn't closed.", f"Add {quote}."
            )
        check.write(quote)
        value = self._quoted(name, end, line)
        check.write(quote)
        return value

    def _quoted(self, name: str, end: int, line: int) -> str:
        """Read the value of an attribute up to its closing quote, and return its text without live values."""
        check = self._check
        where = Where("attribute", check.next_serial())
        before = ""
        has_live = False

        def use(tag: Tag) -> None:
            nonlocal has_live
            if tag.kind == "statement":
                check.statement(tag, where)
                return
            self._check_live(tag, name)
            check.writer.tag(tag, self._filter(name, before))
            has_live = True

        while check.position < end:
            if check.jinja(use):
                continue
            part = check.until(end)
            if has_live and self._is_address(name) and not _leads(before) and ":" in part.partition("/")[0]:
                raise AuthorProblem(
                    line, f"The address in {name} begins with a live value and a colon.", _WHOLE_ADDRESS
                )
            check.write(part)
            before += part
        if not has_live:
            self._check_address(name, before, line)
        return before

    def _check_live(self, tag: Tag, name: str) -> None:
        """Refuse a live value in an attribute that is code."""
        if tag.asks:
            raise AuthorProblem(
                tag.line, f"{tag} is in the attribute {name}.", "Put the item on its own line."
            )
        if name.startswith("on") or name in ("style", "srcdoc") or self._name in grammar.ANIMATIONS:
            raise AuthorProblem(
                tag.line,
                f"{tag} is in the attribute {name}, where it would be code.",
                "Put the value into an attribute such as data-value, and read it from there.",
            )

    def _is_address(self, name: str) -> bool:
        return name in grammar.ADDRESSES or name in grammar.MEDIA_ADDRESSES

    def _filter(self, name: str, before: str) -> str:
        """Return the filter for a live value in an attribute, after this text."""
        if not self._is_address(name) or _leads(before):
            return "petri_attribute"
        is_media = name in grammar.MEDIA_ADDRESSES and self._name in grammar.MEDIA
        return "petri_media" if is_media else "petri_address"

    def _check_address(self, name: str, value: str, line: int) -> None:
        if not self._is_address(name):
            return
        written = unescape(value)
        is_media = name in grammar.MEDIA_ADDRESSES and self._name in grammar.MEDIA
        if not (is_safe_media(written) if is_media else is_safe_address(written)):
            raise AuthorProblem(
                line,
                f"The address {written[:60]!r} could run a script.",
                "Use a path, or an address that begins with https://.",
            )

    def _check_attributes(self, line: int) -> None:
        event = next((name for name in self._attributes if name.startswith("on")), None)
        if event:
            raise AuthorProblem(line, f"The attribute {event} doesn't run in pages.", _SCRIPT)
        if "srcdoc" in self._attributes:
            raise AuthorProblem(line, "Pages can't contain srcdoc.", "Write the text into the page itself.")
        if self._name == "script" and self._attributes.get("type", "").lower() not in grammar.DATA_TYPES:
            raise AuthorProblem(line, "A <script> in a page doesn't run.", _SCRIPT)


def _leads(before: str) -> bool:
    """Whether the beginning of an address decides where it leads: what follows can't be its scheme."""
    return any(sign in before for sign in "/?#") or (":" in before and is_safe_address(unescape(before)))
