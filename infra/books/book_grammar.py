"""What the HTML of books may consist of: elements, attributes and addresses."""

from __future__ import annotations

import re
from typing import Final

_KEPT: Final = """
    a abbr acronym address article aside audio b bdi bdo blockquote br caption cite code col
    colgroup dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i
    iframe img ins kbd li main mark nav ol p picture pre q rp rt ruby s samp section small source
    span strong sub summary sup table tbody td tfoot th thead time tr track tt u ul var video wbr
"""
_MATHS: Final = """
    math mrow mi mo mn ms mtext mspace msqrt mroot mfrac msub msup msubsup munder mover munderover
    mmultiscripts mprescripts mtable mtr mlabeledtr mtd mstyle mpadded mphantom menclose mfenced
    merror semantics annotation none
"""
_DROPPED: Final = """
    script style template noscript object embed applet form button input select textarea svg canvas
    frameset head title noembed noframes xmp plaintext
"""
_ATTRIBUTES: Final = """
    abbr alt aria-hidden aria-label class colspan controls datetime dir download height kind label
    lang loop media muted open preload reversed role rowspan scope srclang start type value width
    allowfullscreen loading title
"""
#: Elements that are kept; others are left out, and their contents stay.
KEPT: Final = frozenset(_KEPT.split())
MATHS: Final = frozenset(_MATHS.split())
#: Elements that are left out with their contents.
DROPPED: Final = frozenset(_DROPPED.split())
#: What a reader would miss, by element.
MISSED: Final = {
    "script": "a script",
    "style": "a style sheet",
    "form": "a form",
    "object": "an object of a plug-in",
    "embed": "an object of a plug-in",
    "svg": "a drawing in SVG (use it as a picture)",
    "canvas": "a canvas",
}
ATTRIBUTES: Final = frozenset(_ATTRIBUTES.split())
#: Attributes whose values are ids.
REFERENCES: Final = ("id", "headers", "aria-describedby", "aria-labelledby")
MATHS_ATTRIBUTE: Final = re.compile(r"(?!on|href$|style$|src$|actiontype$)[a-z]+")
#: A length in a style, of which Sphinx makes the sizes of pictures and columns.
LENGTH: Final = re.compile(r"(width|height)\s*:\s*(\d{1,5}(?:\.\d+)?(?:px|em|rem|%|ex|pt|cm|mm|in)?)")
WEB: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
#: Classes of links that Sphinx adds for its own pages.
OWN_LINKS: Final = frozenset({"headerlink", "viewcode-link", "viewcode-back"})
#: The element that stands for a directive that asks items.
ITEM: Final = "petri-item"
