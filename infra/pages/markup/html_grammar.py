"""What the HTML of pages consists of: the elements and attributes that are treated in their own way."""

from __future__ import annotations

import re
from typing import Final

VOID: Final = frozenset(
    {
        *(
            "area",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "param",
            "source",
            "track",
            "wbr",
        ),
    }
)
#: Elements of SVG and MathML can end in />.
FOREIGN: Final = frozenset({"svg", "math"})
#: A browser does not parse their contents as HTML.
RAW: Final = frozenset({"script", "style"})
#: Their contents are text without tags.
TEXT_ONLY: Final = frozenset({"textarea", "title"})
_FRAGMENT: Final = "A page is a part of Petri's own page; remove it."
_NO_FORM: Final = "Petri's page is a form already, and has its own button; remove it."
_NO_PLUGIN: Final = "Show media with <img>, <audio>, <video> or <iframe>."
REFUSED: Final = {
    **dict.fromkeys(("html", "head", "body", "base", "meta", "link", "frame", "frameset"), _FRAGMENT),
    "form": _NO_FORM,
    **dict.fromkeys(("object", "embed", "applet", "param", "portal"), _NO_PLUGIN),
    **dict.fromkeys(("xmp", "plaintext", "noembed", "noframes", "noscript", "template"), "Remove it."),
}
#: Elements that end an <svg> or <math> around them, or whose contents a browser reads as HTML again.
NOT_IN_FOREIGN: Final = frozenset(
    {
        *(
            "b",
            "big",
            "blockquote",
            "br",
            "center",
            "code",
            "dd",
            "div",
            "dl",
            "dt",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
        ),
        *(
            "h5",
            "h6",
            "hr",
            "i",
            "img",
            "li",
            "listing",
            "menu",
            "nobr",
            "ol",
            "p",
            "pre",
            "ruby",
            "s",
            "small",
        ),
        *(
            "span",
            "strong",
            "strike",
            "sub",
            "sup",
            "table",
            "tt",
            "u",
            "ul",
            "var",
            "font",
            "iframe",
            "select",
        ),
        *(
            "script",
            "style",
            "textarea",
            "foreignobject",
            "annotation-xml",
            "input",
            "button",
            "label",
            "td",
            "tr",
        ),
    }
)
#: Elements of SVG that set attributes of others, such as an address.
ANIMATIONS: Final = frozenset({"animate", "set", "animatemotion", "animatetransform"})
#: Elements of SVG that contain text only.
DESCRIPTIONS: Final = frozenset({"title", "desc"})
#: Elements that end an open <p>, or that a <p> can't contain.
NOT_IN_PARAGRAPHS: Final = frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "details",
            "dialog",
            "div",
            "dl",
            "fieldset",
            "figcaption",
        ),
        *(
            "figure",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hgroup",
            "hr",
            "main",
            "menu",
            "nav",
        ),
        *("ol", "p", "pre", "search", "section", "summary", "table", "ul", "li", "dd", "dt"),
    }
)
#: Elements that can't contain an item.
PHRASING: Final = frozenset(
    {
        *(
            "p",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "span",
            "a",
            "em",
            "strong",
            "b",
            "i",
            "u",
            "s",
            "small",
            "sub",
        ),
        *(
            "sup",
            "code",
            "pre",
            "kbd",
            "q",
            "cite",
            "mark",
            "label",
            "button",
            "summary",
            "legend",
            "math",
            "svg",
        ),
        *("option", "select"),
    }
)
#: Elements in which text would be moved elsewhere by a browser.
NO_TEXT: Final = frozenset({"table", "thead", "tbody", "tfoot", "tr", "colgroup", "select", "ul", "ol", "dl"})
ADDRESSES: Final = frozenset(
    {
        "href",
        "xlink:href",
        "action",
        "formaction",
        "cite",
        "background",
        "ping",
        "longdesc",
        "manifest",
        "data",
    }
)
MEDIA_ADDRESSES: Final = frozenset({"src", "poster"})
#: Elements whose src is a picture, sound or video.
MEDIA: Final = frozenset({"img", "source", "audio", "video", "track", "input"})
#: The contents of script elements that browsers don't run.
DATA_TYPES: Final = frozenset({"application/json", "application/ld+json", "text/plain", "text/csv"})

#: The name of an item in ask("..."), and what surrounds the condition of an if.
ASKED: Final = re.compile(r"""\bask\(\s*["'](\w+)["']""")
CONDITION: Final = re.compile(r"^\{%[-+]?\s*if\s+|\s*[-+]?%\}$")
START: Final = re.compile(r"<(?P<name>[A-Za-z][A-Za-z0-9:-]*)")
END: Final = re.compile(r"</(?P<name>[A-Za-z][A-Za-z0-9:-]*)\s*>")
COMMENT: Final = re.compile(r"<!--(?!-?>)(?P<text>.*?)-->", re.DOTALL)
SPACE: Final = re.compile(r"\s+")
NAME: Final = re.compile(r"[A-Za-z_:@][A-Za-z0-9_.:-]*")
EQUALS: Final = re.compile(r"\s*=\s*")
BARE: Final = re.compile(r"[^\s\"'=<>`]+")
