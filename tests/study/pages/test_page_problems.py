"""What is wrong with a page is reported with its line and a fix."""

from __future__ import annotations

import pytest

from .compiling import page_of, problems_of

#: name: (the page, the line of the problem, a part of the message)
MARKDOWN = {
    "a tag that isn't closed": ("a\n\n{{ x", 3, "Unexpected end of template"),
    "a statement without an end": ("a\n{% if x %}\nb", 2, "Unexpected end of template"),
    "an end without a statement": ("a\n\n{% endif %}", 3, "Encountered unknown tag 'endif'"),
    "a filter that doesn't exist": ("a\n{{ x|uper }}", 2, "No filter named 'uper'"),
    "a tag that pages can't use": ("a\n{% include 'b.md' %}", 2, "Pages can't use {% include %}"),
    "escaping switched off": (
        "{% autoescape false %}{{ x }}{% endautoescape %}",
        1,
        "can't use {% autoescape %}",
    ),
    "markup of participants": (
        "a\n{{ player.text|safe }}",
        2,
        "would show what participants wrote as markup",
    ),
    "markup by another filter": ("{{ texts|map('safe')|join }}", 1, "The filter |safe"),
    "links of participants": ("{{ player.text|urlize }}", 1, "would make links"),
    "a live value in a script": (
        "<script type='application/json'>\n{{ x }}\n</script>",
        2,
        "inside <script>",
    ),
    "a live value in a style": ("<style>\na { color: {{ x }} }\n</style>", 2, "inside <style>"),
    "a live value in an event": ("a\n\n<b onclick=\"f('{{ x }}')\">b</b>", 3, "in the attribute onclick"),
    "a live value in an inline style": ('<b style="width: {{ x }}%">b</b>', 1, "in the attribute style"),
    "an attribute without quotes": ("text\n<img src={{ x }}>", 2, "The attribute src of <img> has no quotes"),
    "a live value among attributes": ("<b {{ x }}>b</b>", 1, "among the attributes of <b>"),
    "a live name of an element": ("<{{ x }}>b</{{ x }}>", 1, "has a live name"),
    "a script": ("a\n\n<script>alert(1)</script>", 3, "A <script> in a page doesn't run"),
    "a script from elsewhere": (
        '<script src="/static/x.js"></script>',
        1,
        "A <script> in a page doesn't run",
    ),
    "an event without a live value": ('<b onclick="f()">b</b>', 1, "onclick doesn't run"),
    "a link to a script": ("a\n\n[a](javascript:alert(1))", 3, "could run a script"),
    "a link to a script in HTML": ('<a href="&#106;avascript:alert(1)">a</a>', 1, "could run a script"),
    "a link to data": ("[a](data:text/html;base64,AAAA)", 1, "could run a script"),
    "an address that begins live": ('<a href="{{ x }}:b">a</a>', 1, "begins with a live value and a colon"),
    "HTML in an attribute": ('<iframe srcdoc="<b>"></iframe>', 1, "srcdoc"),
    "a form in the form": ("a\n\n<form>b</form>", 3, "can't contain <form>"),
    "an element that isn't closed": ("a\n\n<div>\nb", 3, "<div> isn't closed"),
    "an element closed twice": ("a</b>", 1, "</b> doesn't belong to an open tag"),
    "elements that overlap": ("<b><i>a</b></i>", 1, "</b> doesn't belong to an open tag here; <i>"),
    "an element that closes itself": ("<div/>", 1, "<div/> stays open in HTML"),
    "a block inside a paragraph": ("a <div>b</div>", 1, "<div> can't be inside a paragraph"),
    "a value between rows": ("<table>\n{{ x }}\n<tr><td>a</td></tr>\n</table>", 2, "directly inside <table>"),
    "a statement across emphasis": ("{% if x %}**b{% endif %}c**", 1, "aren't in the same element"),
    "a statement across paragraphs": (
        "a {% if x %}b\n\nc{% endif %} d",
        1,
        "line 3 aren't in the same element",
    ),
    "a loop across cells": (
        "| a | b |\n|---|---|\n| {% for x in y %}{{ x }} | {% endfor %} |",
        3,
        "aren't in the same element",
    ),
    "a statement from a list to what follows": (
        "- a\n\n  {% if x %}\n  b\n\nc\n\n{% endif %}",
        3,
        "aren't around whole blocks",
    ),
    "a statement across an attribute": ('<b class="{% if x %}a">b{% endif %}</b>', 1, "the same element"),
    "a statement in a comment": ("<!-- {% if x %} -->\na\n\n{% endif %}", 1, "the same element"),
    "text indented below a tag": ("a\n\n{% if x %}\n    b\n{% endif %}", 4, "which makes it code"),
    "items indented below a tag": ("{% for x in y %}\n    - {{ x }}\n{% endfor %}", 2, "which makes it code"),
    "a value in maths": ("a\n\n$x = {{ n }}$", 3, "contains a live value"),
    "wrong maths": ("a\n\n$x_$", 3, "can't be read"),
    "wrong maths in a block": ("a\n\n$$\nx_\n$$", 3, "The maths $x_$ can't be read"),
    "an unknown command in maths": ("$\\foo{x}$", 1, "an unknown command: \\foo"),
    "a value in a cell without a column": (
        "| a |\n|---|\n| b | {{ x }} |",
        3,
        "is in a place that isn't shown",
    ),
    "a value in a footnote without a reference": ("a\n\n[^1]: {{ x }}", 3, "is in a place that isn't shown"),
    "an unknown directive": ("a\n\n:::{chioce} b\nprompt: c\n:::", 3, "Did you mean :::{choice}?"),
    "a directive without a name": (":::\na\n:::", 1, "must name a directive"),
    "a directive that isn't closed": ("a\n\n:::{text} b\nprompt: c", 3, "isn't closed"),
    "a live value in a directive": (":::{text} b\nprompt: '{{ x }}'\n:::", 1, "contains `{{ x }}`"),
    "a directive without an item": (":::{text}\nprompt: c\n:::", 1, "This text has no name"),
    "an item with a wrong name": (":::{text} my-item\nprompt: c\n:::", 1, "can't be the name of an item"),
    "an item named as a word of Python": (
        ":::{text} class\nprompt: c\n:::",
        1,
        "can't be the name of an item",
    ),
    "an item defined twice": (
        ":::{text} b\nprompt: c\n:::\n\n:::{text} b\nprompt: c\n:::",
        5,
        "on this page twice",
    ),
    "an item with an unknown key": (
        ":::{text} b\nprompt: c\nmaxlength: 5\n:::",
        1,
        "did you mean `max_length`",
    ),
    "an item without a prompt": (":::{text} b\n:::", 1, "has no prompt"),
    "wrong YAML": ("a\n\n:::{text} b\nprompt: What: now\n:::", 4, "The YAML can't be read"),
    "a key that is there twice": (":::{text} b\nprompt: c\nprompt: d\n:::", 3, "is there twice"),
    "an item with two prompts": (":::{text} b: c\nprompt: d\n:::", 1, "has two prompts"),
    "a prompt beside items": (":::{text}\nprompt: c\nitems: {d: e}\n:::", 1, "can't be together"),
    "items that are a list": (":::{text}\nitems: [b, c]\n:::", 1, "must be prompts by name"),
    "a prompt that is a list": (":::{text} b\nprompt: [c]\n:::", 1, "isn't a text"),
    "an item with a key for its name": (":::{text} b: c\nname: d\n:::", 1, "has a key `name`"),
    "an unknown directive unlike any": ("a\n\n:::{xyzzy}\n:::", 3, "Use one of "),
    "settings of a page in a block": ("a\n\n:::{page}\nseconds: 5\n:::", 3, "Only study.md has :::{page}"),
    "YAML without a key": (":::{text} b: c\njust text\n:::", 2, "Expected lines such as `name: value`"),
    "YAML with a key that is a list": (":::{text} b: c\n? [d]\n: e\n:::", 2, "A key must be a text"),
    "YAML with a number that is too large": ("---\nseconds: 1e999\n---\na", 2, "is too large"),
    "YAML with a control character": ('---\nbutton: "a\\0b"\n---\na', 2, "contains a control character"),
    "YAML with a character that isn't text": ("---\nbutton: a\x01\n---\na", 2, "The YAML can't be read"),
    "YAML that is nested too deeply": (
        "---\nask: " + "[" * 3000 + "]" * 3000 + "\n---\na",
        2,
        "nested too deeply",
    ),
    "maths that is nested too deeply": ("$" + "{" * 3000 + "x" + "}" * 3000 + "$", 1, "nested too deeply"),
    "a page that is too long": ("a" * 300_001, 1, "300,001 characters"),
    "an anchor": (":::{text} b\nprompt: &a c\nhelp: *a\n:::", 2, "aren't supported"),
    "a tag of YAML": (":::{text} b\nprompt: !!python/name:os.system\n:::", 2, "isn't supported"),
    "a block of study.md": ("a\n\n:::{end} screen_out\n:::", 3, "Only study.md can have a :::{end}"),
    "an item in a heading": ('# {{ ask("b") }}', 1, "inside <h1>, which can't contain an item"),
    "an item in a condition": (
        "{% if condition.colour == 'red' %}\n:::{text} b: c\n:::\n{% endif %}",
        2,
        """Move it out, and give the item show_if="condition.colour == 'red'".""",
    ),
    "an item in a loop": ('{% for x in y %}\n{{ ask("b") }}\n{% endfor %}', 2, "several times"),
    "an item in an attribute": ("<b title=\"{{ ask('b') }}\">c</b>", 1, "in the attribute title"),
    "front matter that isn't closed": ("---\nseconds: 5\n\na", 1, "isn't closed"),
    "an unknown setting": ("---\nsecond: 5\n---\na", 2, "Did you mean `seconds`?"),
    "a setting of a wrong type": ("---\nseconds: soon\n---\na", 2, "must be a number of seconds"),
    "a problem below front matter": ("---\nseconds: 5\n---\na\n{{ x", 5, "Unexpected end of template"),
    "nesting without an end": ("{{ " + "(" * 5000 + "x" + ")" * 5000 + " }}", 1, "nested too deeply"),
}

HTML = {
    "an item in a paragraph": ('<p>a\n{{ ask("b") }}</p>', 2, "inside <p>, which can't contain an item"),
    "a whole document": ("<!doctype html>\n<html></html>", 1, "isn't a tag of HTML"),
    "a base": ('a\n<base href="/x">', 2, "can't contain <base>"),
    "a redirection": ('<meta http-equiv="refresh" content="0;url=/x">', 1, "can't contain <meta>"),
    "a tag that doesn't end": ("a\n<b", 2, "The tag <b isn't closed"),
    "an attribute that doesn't end": ('a\n<b class="c>\nd', 2, "isn't closed"),
    "an attribute that is there twice": ('<b class="a" class="b">c</b>', 1, "has the attribute class twice"),
    "a processing instruction": ("<?php echo 1 ?>", 1, "isn't a tag of HTML"),
    "a text area that isn't closed": ("a\n<textarea>", 2, "isn't closed"),
    "an element of HTML in a picture": ("<svg>\n<p>a</p></svg>", 2, "<p> can't be inside <svg>"),
    "a style in a picture": ("<svg>\n<style>a{}</style></svg>", 2, "<style> can't be inside <svg>"),
    "an element in a picture's title": (
        "<svg><title>\n<a>b</a></title></svg>",
        2,
        "can't be inside <svg>",
    ),
    "a live tag in the title of maths": (
        "<math><title><td {{ x }}></td></title></math>",
        1,
        "can't be inside",
    ),
    "an attribute without a name": ('a\n<b ="c">d</b>', 2, "can't be read at ="),
    "a style in a list of options": (
        "<select>\n<style>a{}</style></select>",
        2,
        "can't be inside <select>",
    ),
    "a block": ("<p>a</p>\n:::{text} b: c\n:::", 2, "are for pages in Markdown"),
    "a live value in an animation": (
        '<svg><a><set attributeName="href" to="{{ x }}"></set></a></svg>',
        1,
        "is in the attribute to, where it would be code",
    ),
    "a broken end tag": ("a</ b>", 1, "isn't a tag of HTML"),
    "an end of an element without one": ("a</br>", 1, "ends nothing"),
}


@pytest.mark.parametrize("name", MARKDOWN)
def test_a_problem_of_a_page_has_its_line(name: str):
    text, line, message = MARKDOWN[name]
    found = problems_of(text)
    assert [problem.line for problem in found] == [line]
    assert message in f"{found[0].message} {found[0].fix}"
    assert str(found[0]).startswith(f"pages/talk.md, line {line}: ")


@pytest.mark.parametrize("name", HTML)
def test_a_problem_of_a_page_in_html_has_its_line(name: str):
    text, line, message = HTML[name]
    (problem,) = problems_of(text, "pages/talk.html")
    assert (problem.line, problem.file) == (line, "pages/talk.html")
    assert message in problem.message


def test_every_problem_of_a_page_is_reported_at_once():
    text = "---\nsecond: 5\n---\n:::{text} class\n:::\n\n$x_$\n\n{% if x %}*b{% endif %}c*\n\n<form></form>"
    assert [problem.line for problem in problems_of(text)] == [2, 4, 7, 9, 11]


def test_messages_are_sentences():
    for text, _, _ in [*MARKDOWN.values(), *HTML.values()]:
        for problem in problems_of(text, "pages/talk.md"):
            assert problem.message[-1] in ".?`:" or problem.message.endswith("..."), problem
            assert ".." not in str(problem).replace("...", ""), problem


def test_settings_and_items_are_kept_with_the_page():
    page = page_of(
        "---\nseconds: 60\ncondition: {colour: red}\non_timeout: {offer: 5}\nask: [b, c]\n---\n"
        ":::{number} offer\nprompt: How much?\nminimum: 0\nstep: 0.1\n:::\n"
    )
    assert page.settings == {
        "seconds": 60,
        "only": {"colour": "red"},
        "on_timeout": {"offer": 5},
        "ask": ["b", "c"],
    }
    (item,) = page.items
    assert (item.name, item.kind, item.prompt, item.line) == ("offer", "number", "How much?", 7)
    assert item.body["minimum"] == 0
    assert str(item.body["step"]) == "0.1"
    assert page.asks == ("offer",)


def test_yaml_is_read_as_its_newer_version_does():
    page = page_of(
        ":::{choice} b\nprompt: 12:30\noptions:\n  yes: no\n  no: on\n  1: 2020-01-01\n  1.0: 0o7\n"
        "required: true\n:::\n"
    )
    (item,) = page.items
    assert item.prompt == "12:30"
    assert item.body["options"] == {"yes": "no", "no": "on", "1": "2020-01-01", "1.0": "0o7"}
    assert item.body["required"] is True


def test_several_items_can_share_a_directive():
    page = page_of(
        ":::{likert}\nsteps: 7\nitems:\n  trust: People can be trusted.\n"
        "  fair: {prompt: People are fair., help: In general.}\n:::\n"
    )
    assert [(item.name, item.prompt, dict(item.body)) for item in page.items] == [
        ("trust", "People can be trusted.", {"steps": 7}),
        ("fair", "People are fair.", {"steps": 7, "help": "In general."}),
    ]
    assert page.asks == ("trust", "fair")


def test_the_error_of_yaml_with_a_tab_as_indent_says_to_use_blanks():
    (problem,) = problems_of(":::{choice} b: c\noptions:\n\td: e\n:::")
    assert (problem.line, problem.fix) == (3, "Indent with blanks instead of tabs.")
