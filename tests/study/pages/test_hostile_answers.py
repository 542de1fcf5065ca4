"""What one participant types is shown to another as text, wherever a page shows it."""

from __future__ import annotations

import pytest

from petri.study import End, Group, Page, Study, Wait, text
from tests.study.studies import OpenStudy, answer, due

from .compiling import page_of
from .test_any_page import Structure

SHOWN = """
# {{ group.role("one").say }}

{% for p in group.players %}
- **{{ p.get("say") }}**: [{{ p.get("say") }}]({{ p.get("say") }} "{{ p.get("say") }}")
{% endfor %}

| Said |
|------|
{% for p in group.players %}| {{ p.get("say") }} |{% endfor %}

<p class="{{ group.role("one").say }}" data-all="{{ group.role("one").say|tojson }}">a</p>
"""
HOSTILE = [
    "<script>alert(1)</script>",
    "</p></main><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(document.cookie)",
    "# heading\n\n- **list** | cell |\n---",
    "{{ 7 * 7 }}{% for x in y %}{# #}",
    "<!-- -->]]>&lt;b&gt;",
    ":::{text} evil: Really?\n:::",
    "x" * 4_000,
]


class Talk(Study):
    """One says something to the other."""

    say = text("What do you say?", long=True)
    timeline = (
        Group(2, roles=["one", "other"]),
        Page("ask", ask="say", role="one"),
        Wait(),
        Page("show"),
        End(),
    )


@pytest.mark.parametrize("said", HOSTILE)
def test_a_page_shows_the_other_what_was_typed_and_keeps_its_structure(said: str, open_study: OpenStudy):
    template = page_of(SHOWN, "pages/show.md").template
    shown = []
    for typed in ("plain", said):
        here = open_study(Talk, {"show": template})
        one, other = here.arrive(), here.arrive()
        due(one)
        due(other)
        here.work()
        assert answer(one, say=typed).status == 200
        html = due(other)["html"]
        assert due(other)["page"] == "show"
        shown.append(Structure(html))
    assert shown[0].parts == shown[1].parts
    assert said in "".join(shown[1].text)
    assert not any(address.startswith("javascript:") for address in shown[1].addresses)
