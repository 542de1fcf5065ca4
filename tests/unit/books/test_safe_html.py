"""The HTML of a book can't run code in a page of a study, and is always well nested."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.books.safe_html import PageAddresses, safe_html
from infra.pages.page_compiler import PageSource, compile_page

ADDRESSES = PageAddresses("one/index.html", {"two": "two/two"}, {"_images/a.png": "/static/a.png"}.get)


def cleaned(body: str) -> str:
    return safe_html(body, ADDRESSES, {"0": ["colour"]}).html.strip()


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("<p>a<script>b</script>c</p>", "<p>ac</p>"),
        ("<ScRiPt>b</sCrIpT>c", "c"),
        ("<style>b</style><svg><a>x</a></svg>c", "c"),
        ('<p onclick="b" style="color: red" class="x">a</p>', '<p class="x">a</p>'),
        (
            '<img src="../_images/a.png" style="width: 50%; position: fixed" onerror="b">',
            '<img style="width: 50%" src="/static/a.png">',
        ),
        ('<img src="data:image/png;base64,AA">', ""),
        ('<img src="../_images/../../../secret.png">', ""),
        ('<a href="java&#115;cript:alert(1)">a</a>', "a"),
        ('<a href="petri-page:two">a</a>', '<a href="#two/two" data-open="./two/two">a</a>'),
        (
            '<a href="petri-page:two#part">a</a>',
            '<a href="#two/two" data-open="./two/two" data-anchor="book-part">a</a>',
        ),
        ('<a href="petri-page:gone">a</a>', "a"),
        ('<p id="page">a <a href="#page">b</a></p>', '<p id="book-page">a <a href="#book-page">b</a></p>'),
        ('<iframe srcdoc="x"></iframe><iframe src="http://a/"></iframe>', ""),
        ('<form action="/x"><button>a</button></form>b', "b"),
        ("<p>a<div>b</div></p>", "<div>a<div>b</div></div>"),
        ("<b>a<i>b</b>c", "<b>a<i>b</i></b>c"),
        ("a</p></div>", "a"),
        ("{{ x }}{% y %}", "&#123;&#123; x &#125;&#125;&#123;% y %&#125;"),
        ('<p title="{{ x }}">a &lt;b&gt;</p>', '<p title="&#123;&#123; x &#125;&#125;">a &lt;b&gt;</p>'),
        (
            '<math onload="b" display="block"><mi href="x">a</mi></math>',
            '<math display="block"><mi>a</mi></math>',
        ),
        ('<petri-item data-number="0"></petri-item>', '{{ ask("colour") }}'),
        ('<petri-item data-number="1"></petri-item>', ""),
        (
            '<table><tr><petri-item data-number="0"></petri-item>',
            '<table><tr></tr></table>{{ ask("colour") }}',
        ),
        ('<h1>Title<a class="headerlink" href="#x">¶</a></h1>', "<h1>Title</h1>"),
    ],
)
def test_what_stays_of_html(body: str, html: str) -> None:
    assert cleaned(body) == html


WORDS = [
    *(
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<ul>",
        "<li>",
        "</ul>",
        "<b>",
        "</i>",
    ),
    *(
        "<script>",
        "</script>",
        "<style>",
        "<!--",
        "-->",
        "<svg>",
        "<math>",
        "</math>",
        "<mi>",
        "<a href=",
        "x>",
        "{{",
    ),
    *(
        "%}",
        "{#",
        '"',
        "'",
        "<",
        "&#60;",
        "<img src=",
        "<petri-item data-number=0>",
        "<h1>",
        "</h1>",
        "<textarea>",
    ),
    *(
        "<select>",
        "<br/>",
        "<title>",
        "text ",
        "<![CDATA[",
        "<?x",
        "<iframe src=https://a/>",
        "<pre>",
        "<summary>",
    ),
]


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_every_html_becomes_a_page_that_compiles(words: list[str]) -> None:
    body = f'<div class="book-text">\n{safe_html("".join(words), ADDRESSES, {"0": ["colour"]}).html}</div>'
    page, problems = compile_page(PageSource("one", "", "pages/one.html", body))
    assert problems.found == []
    assert page is not None
    assert "<script" not in page.template.lower()
