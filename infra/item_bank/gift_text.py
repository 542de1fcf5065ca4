"""The texts of GIFT: escapes, formats such as [html], and comments with tags."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

#: What a backslash stands before; `n` is a new line.
_ESCAPED: Final = "\\~=#{}:n"
_ESCAPE: Final = re.compile(r"\\([\\~=#{}:n])")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f]")
_FORMAT: Final = re.compile(r"\s*\[(html|moodle|plain|markdown)\]")
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")
_NEW_LINE: Final = re.compile(r"<br\b[^<>]*>|</(?:p|div|li|h[1-6])>", re.IGNORECASE)
_MARKDOWN: Final = re.compile(r"[*_`]|\]\(|^#", re.MULTILINE)
_IN_COMMENT: Final = re.compile(r"\[(tag|id):((?:\\.|[^\]\\])*)\]")


@dataclass(frozen=True, slots=True)
class GiftBlock:
    """A question as it stands in the file."""

    #: The number of its first line, from 1.
    line: int
    text: str
    tags: tuple[str, ...] = ()
    has_id: bool = False


def gift_blocks(text: str) -> Iterator[GiftBlock]:
    """Yield the questions, which blank lines separate, without comments; Moodle writes tags into these."""
    lines: list[str] = []
    noted: list[tuple[str, str]] = []
    first = 1
    for number, line in enumerate([*re.split(r"\r\n|\r|\n", text), ""], 1):
        if line.lstrip().startswith("//"):
            noted += _IN_COMMENT.findall(line)
        elif line.strip():
            first = first if lines else number
            lines.append(line)
        elif lines:
            tags = tuple(re.sub(r"\\(.)", r"\1", value) for name, value in noted if name == "tag")
            yield GiftBlock(first, "\n".join(lines), tags, any(name == "id" for name, _ in noted))
            lines, noted = [], []


def hide_escapes(text: str) -> str:
    """Return a text with a control character for each escaped one, so that signs are signs."""
    return _ESCAPE.sub(lambda match: chr(1 + _ESCAPED.index(match[1])), _CONTROL.sub("", text))


def _show_escapes(text: str) -> str:
    for number, character in enumerate(_ESCAPED, 1):
        text = text.replace(chr(number), "\n" if character == "n" else character)
    return text


def escaped(text: str) -> str:
    """Return a text as GIFT writes it: without signs and without new lines."""
    signs = "".join(f"\\{one}" if one in _ESCAPED[:-1] else one for one in text)
    return re.sub(r"\r\n|\r|\n", r"\\n", signs)


def begins_with_format(text: str) -> bool:
    """Whether a text begins with what names a format, such as [html]."""
    return _FORMAT.match(text) is not None


@dataclass(slots=True)
class GiftTexts:
    """Reads the texts of one question, and notes which formatting is lost."""

    #: The format of texts that name none; Moodle's own finds HTML in them.
    format: str = "moodle"
    lost: set[str] = field(default_factory=set)

    def begin(self, hidden: str) -> str:
        """Return the text of the question without its format, which its answers have, too."""
        named = _FORMAT.match(hidden)
        self.format = named[1] if named else self.format
        return hidden[named.end() :] if named else hidden

    def plain(self, hidden: str) -> str:
        """Return a text whose escapes are hidden as participants read it, without its formatting."""
        named = _FORMAT.match(hidden)
        text = _show_escapes(hidden[named.end() :] if named else hidden).strip()
        format_of = named[1] if named else self.format
        if format_of == "markdown" and _MARKDOWN.search(text):
            self.lost.add("Markdown is shown as it is typed")
        if format_of not in ("html", "moodle"):
            return text
        if _TAG.search(text):
            self.lost.add("the tags of HTML, such as pictures, are left out")
            text = _TAG.sub("", _NEW_LINE.sub("\n", text))
        return html.unescape(text).strip()
