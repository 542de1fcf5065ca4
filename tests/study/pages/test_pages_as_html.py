"""Pages with tags in all places become the HTML that their author means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from .compiling import html_of

PEOPLE = [SimpleNamespace(name="Ada", points=3), SimpleNamespace(name="*Bo*", points=0)]
TABLE = "<table>\n<thead>\n<tr>\n<th>Name</th>\n<th>Points</th>\n</tr>\n</thead>\n"
NOTES = '<hr class="footnotes-sep">\n<section class="footnotes">\n<ol class="footnotes-list">\n'
FIRST = "<tbody>\n<tr>\n<td>Ada</td>\n<td>3</td>\n</tr>\n"
ROWS = FIRST + "<tr>\n<td>*Bo*</td>\n<td>0</td>\n</tr>\n</tbody>\n</table>"

#: name: (the page, what it is shown with, its HTML)
PAGES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a value in emphasis": (
        "**{{ x }}** and *{{ x }}*s",
        {"x": "a"},
        "<p><strong>a</strong> and <em>a</em>s</p>",
    ),
    "a value that looks like Markdown": (
        "{{ x }}",
        {"x": "# no\n\n- list **bold** `code` [a](b) $x$"},
        "<p># no\n- list **bold** `code` [a](b) $x$</p>",
    ),
    "a heading with a value": ("## Hello, {{ x }}!", {"x": "<b>"}, "<h2>Hello, &lt;b&gt;!</h2>"),
    "a value in a link": (
        '[text]({{ x }} "{{ y }}")',
        {"x": "/a?b=1&c", "y": 'a"b'},
        '<p><a href="/a?b=1&amp;c" title="a&#34;b">text</a></p>',
    ),
    "a value inside an address": (
        "[a](https://x.org/{{ x }}/b)",
        {"x": "c d"},
        '<p><a href="https://x.org/c d/b">a</a></p>',
    ),
    "a script as an address": (
        "[a]({{ x }})",
        {"x": "javascript:alert(1)"},
        '<p><a href="#refused-address">a</a></p>',
    ),
    "a picture": (
        "![{{ x }}](/static/{{ y }}.png)",
        {"x": "A", "y": "b"},
        '<p><img src="/static/b.png" alt="A"></p>',
    ),
    "a bar in an expression in a cell": (
        "| a |\n|---|\n| {{ x|upper }} |",
        {"x": "b"},
        "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>B</td>\n</tr>\n</tbody>\n</table>",
    ),
    "a loop over a table's rows": (
        "| Name | Points |\n|---|---|\n{% for p in ps %}\n| {{ p.name }} | {{ p.points }} |\n{% endfor %}",
        {"ps": PEOPLE},
        TABLE + ROWS,
    ),
    "a loop on the row's own line": (
        "| Name | Points |\n|---|---|\n{% for p in ps %}| {{ p.name }} | {{ p.points }} |{% endfor %}",
        {"ps": PEOPLE},
        TABLE + ROWS,
    ),
    "a loop over list items": (
        "Players:\n{% for p in ps %}\n- {{ p.name }}\n{% endfor %}\nEnd",
        {"ps": PEOPLE},
        "<p>Players:</p>\n<ul>\n<li>Ada</li>\n<li>*Bo*</li>\n</ul>\n<p>End</p>",
    ),
    "a loop between other list items": (
        "- first\n{% for p in ps %}\n- {{ p.name }}\n{% endfor %}\n- last",
        {"ps": PEOPLE},
        "<ul>\n<li>first</li>\n<li>Ada</li>\n<li>*Bo*</li>\n<li>last</li>\n</ul>",
    ),
    "a loop on the list item's own line": (
        "{% for p in ps %}- {{ p.name }}{% endfor %}",
        {"ps": PEOPLE},
        "<ul>\n<li>Ada</li>\n<li>*Bo*</li>\n</ul>",
    ),
    "a loop over a list inside a list": (
        "- outer\n  {% for p in ps %}\n  1. {{ p.name }}\n  {% endfor %}\n- next",
        {"ps": PEOPLE},
        "<ul>\n<li>outer\n<ol>\n<li>Ada</li>\n<li>*Bo*</li>\n</ol>\n</li>\n<li>next</li>\n</ul>",
    ),
    "a loop over outer items with lists in them": (
        "{% for p in ps %}\n- {{ p.name }}\n  - {{ p.points }}\n{% endfor %}",
        {"ps": PEOPLE},
        "<ul>\n<li>Ada\n<ul>\n<li>3</li>\n</ul>\n</li>\n<li>*Bo*\n<ul>\n<li>0</li>\n</ul>\n</li>\n</ul>",
    ),
    "a loop with a condition over list items": (
        "{% for p in ps %}\n{% if p.points %}\n- {{ p.name }}\n{% endif %}\n{% endfor %}",
        {"ps": PEOPLE},
        "<ul>\n<li>Ada</li>\n</ul>",
    ),
    "a loop over headings and paragraphs": (
        "{% for p in ps %}\n## {{ p.name }}\nHas {{ p.points }}.\n{% endfor %}",
        {"ps": PEOPLE},
        "<h2>Ada</h2>\n<p>Has 3.</p>\n<h2>*Bo*</h2>\n<p>Has 0.</p>",
    ),
    "a loop in a quote": (
        "> {% for p in ps %}\n> - {{ p.name }}\n> {% endfor %}",
        {"ps": PEOPLE},
        "<blockquote>\n<ul>\n<li>Ada</li>\n<li>*Bo*</li>\n</ul>\n</blockquote>",
    ),
    "a loop in a sentence": (
        "{% for p in ps %}{{ p.name }}, {% endfor %}you",
        {"ps": PEOPLE},
        "<p>Ada, *Bo*, you</p>",
    ),
    "a loop in code": (
        "```python\n{% for p in ps %}\nprint({{ p.points }} < 5)\n{% endfor %}\n```",
        {"ps": PEOPLE},
        '<pre><code class="language-python">print(3 &lt; 5)\nprint(0 &lt; 5)\n</code></pre>',
    ),
    "a loop in HTML": (
        "<ul>\n{% for p in ps %}\n<li>{{ p.name }}</li>\n{% endfor %}\n</ul>",
        {"ps": PEOPLE},
        "<ul>\n<li>Ada</li>\n<li>*Bo*</li>\n</ul>",
    ),
    "a condition around a whole list": ("a\n{% if x %}\n- b\n- c\n{% endif %}", {"x": 0}, "<p>a</p>"),
    "a condition around one item": (
        "- a\n{% if x %}\n- b\n{% endif %}\n- c",
        {"x": 0},
        "<ul>\n<li>a</li>\n<li>c</li>\n</ul>",
    ),
    "a condition with another way": (
        "{% if x > 1 %}\nMany.\n{% elif x %}\nOne.\n{% else %}\nNone.\n{% endif %}",
        {"x": 1},
        "<p>One.</p>",
    ),
    "a condition in the midst of a paragraph": (
        "You {% if x %}**won**{% else %}lost{% endif %}.",
        {"x": 1},
        "<p>You <strong>won</strong>.</p>",
    ),
    "a condition around the only sentence": (
        "a\n\n{% if x %}b{% endif %}\n\nc",
        {"x": 0},
        "<p>a</p>\n<p>c</p>",
    ),
    "a condition around paragraphs on their own lines": (
        "{% if x %}a\n\nb{% endif %}",
        {"x": 1},
        "<p>a</p>\n<p>b</p>",
    ),
    "a condition between lines of a paragraph": (
        "a\n{% if x %}\nb\n{% endif %}\nc",
        {"x": 1},
        "<p>a</p>\n<p>b</p>\n<p>c</p>",
    ),
    "a condition around a row": (
        "| a |\n|---|\n| b |\n{% if x %}\n| c |\n{% endif %}",
        {"x": 0},
        "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>",
    ),
    "a condition in an attribute": (
        '<p class="a {% if x %}b{% endif %}">c</p>',
        {"x": 1},
        '<p class="a b">c</p>',
    ),
    "an attribute by condition": (
        "<button type='button' {% if x %}disabled{% endif %}>c</button>",
        {"x": 1},
        "<p><button type='button' disabled>c</button></p>",
    ),
    "sums of money": (
        "$5 and $6, ${{ x }} and ${{ y }}, ${{ x }}/${{ y }}, $5, or 6$ each, \\$7$",
        {"x": 1, "y": 2},
        "<p>$5 and $6, $1 and $2, $1/$2, $5, or 6$ each, $7$</p>",
    ),
    "maths": (
        "Area $\\pi r^2$.",
        {},
        (
            '<p>Area <math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow>'
            "<mi>&#x003C0;</mi>"
            "<msup><mi>r</mi><mn>2</mn></msup></mrow></math>.</p>"
        ),
    ),
    "maths on lines of its own": (
        "Then\n$$\na < b\n$$\nend",
        {},
        (
            '<p>Then</p>\n<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow><mi>a</mi>'
            "<mo>&#x0003C;</mo><mi>b</mi></mrow></math>\n<p>end</p>"
        ),
    ),
    "three hyphens under a text": ("Text\n---\nmore\n===", {}, "<p>Text</p>\n<hr>\n<p>more\n===</p>"),
    "typography": ("\"a\" -- 'b' ... (c) +-", {}, "<p>&quot;a&quot; -- 'b' ... (c) +-</p>"),
    "braces that are no tags": (
        "\\{\\{ x }} &#123;&#123; x }} &#123;% if &#123;{{ x }}",
        {"x": 1},
        "<p>&#123;{ x }} &#123;{ x }} &#123;% if &#123;1</p>",
    ),
    "raw text": (
        "`{% raw %}{{ x }} {% if %}{% endraw %}`",
        {},
        "<p><code>&#123;{ x }} &#123;% if %}</code></p>",
    ),
    "markup of the author's own": (
        "{{ '<b>'|safe }}{{ _('<i>')|safe }}{{ config.logo|safe }}{{ config['logo']|safe }}",
        {"_": lambda text: text, "config": {"logo": "<img>"}},
        "<p><b><i><img><img></p>",
    ),
    "a less-than sign": ("<p>\n1 < 2</p>", {}, "<p>\n1 &lt; 2</p>"),
    "a brace in a style": (
        "<style>a{% raw %}{#b{color:red}}{% endraw %}</style>",
        {},
        "<style>a{#b{color:red}}</style>",
    ),
    "comments": ("a {# {{ x }} #}b\n{# one\ntwo #}\nc <!-- {{ x }} -->d", {}, "<p>a b\nc d</p>"),
    "blanks taken away": ("a {{- x -}} b\n{%- if x %} c{% endif %}", {"x": "-"}, "<p>a-b c</p>"),
    "a footnote with a value": (
        "a[^1]\n\n[^1]: {{ x }}",
        {"x": "<b>"},
        (
            '<p>a<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup></p>\n'
            f'{NOTES}<li id="fn1" class="footnote-item"><p>&lt;b&gt; '
            '<a href="#fnref1" class="footnote-backref">↩︎</a></p>\n</li>\n</ol>\n</section>'
        ),
    ),
    "a variable set for a list": ("{% set n = x + 1 %}\n- {{ n }}", {"x": 1}, "<ul>\n<li>2</li>\n</ul>"),
    "an item on its own line": ('a\n\n{{ ask("b") }}\n\nc', {}, "<p>a</p>\n<fieldset>b</fieldset>\n<p>c</p>"),
    "an item in a sentence": (
        'a {{ ask("b") }} c',
        {},
        '<div class="item-line">a <fieldset>b</fieldset> c</div>',
    ),
    "an item in either way of a condition": (
        'a\n\n{% if x %}{{ ask("b") }}{% else %}{{ ask("b") }}{% endif %}\n\n- {{ ask("c") }}',
        {"x": 1},
        (
            '<p>a</p>\n<div class="item-line"><fieldset>b</fieldset></div>\n'
            "<ul>\n<li><fieldset>c</fieldset></li>\n</ul>"
        ),
    ),
    "an item of a directive in a list": (
        "1. a\n\n   :::{text} b\n   prompt: c\n   :::\n2. d",
        {},
        "<ol>\n<li>\n<p>a</p>\n<fieldset>b</fieldset>\n</li>\n<li>\n<p>d</p>\n</li>\n</ol>",
    ),
    "a directive that is shown as code": (
        "```\n:::{text} b\n:::\n```",
        {},
        "<pre><code>:::{text} b\n:::\n</code></pre>",
    ),
    "a value in JSON for a script": (
        '<div data-x="{{ x|tojson }}"></div>',
        {"x": {"a": "\"<b>'"}},
        '<div data-x="{&#34;a&#34;: &#34;\\&#34;\\u003cb\\u003e\\u0027&#34;}"></div>',
    ),
    "text right to left and signs of other planes": ("שלום {{ x }} 𝄞", {"x": "🙂"}, "<p>שלום 🙂 𝄞</p>"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_becomes_the_html_that_its_author_means(name: str):
    text, variables, expected = PAGES[name]
    assert html_of(text, **variables) == expected


def test_a_page_in_html_is_kept_as_it_is():
    page = '<h1 class="a">{{ x }}</h1>\n<p># no *Markdown* ${{ x }}\n\n---</p>\n{{ ask("b") }}'
    assert html_of(page, "pages/talk.html", x="<&") == (
        '<h1 class="a">&lt;&amp;</h1>\n<p># no *Markdown* $&lt;&amp;\n---</p>\n<fieldset>b</fieldset>'
    )
