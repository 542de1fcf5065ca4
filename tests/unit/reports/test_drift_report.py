"""The report of the story demo stands alone, tells the numbers twice, and trusts no text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from petri.charts import chain_chart, changed_words, line_chart
from petri.drift import drift_report

ATTACK = '<script>alert("x")</script> & <img src=x onerror=y>'


ORIGINAL = "A man went home at night."


def report(places: int = 3, text: str = "A man went home.", chains: int = 1):
    """The report on chains whose participants each wrote a text with their place after it."""
    nodes, infos, sent = [], [], []
    for chain in range(chains):
        ids = range(100 * chain, 100 * chain + places + 1)
        for place, number in enumerate(ids):
            same = {"id": number, "failed": False}
            nodes.append({**same, "network_id": chain, "type": "node"})
            contents = f"{text} {place}" if place else ORIGINAL
            infos.append({**same, "origin_id": number, "type": "info", "contents": contents})
            if place:
                sent.append({"destination_id": number, "info_id": number - 1})
    data = SimpleNamespace(nodes=nodes, infos=infos, transmissions=sent)
    return drift_report(data, {ORIGINAL: "The War of the Ghosts"}, "After Bartlett.")


def svgs(html: str) -> list[ET.Element]:
    return [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]  # noqa: S314 - our own


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.data: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.data.append(data)


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    return tags


def test_the_lines_say_each_place_with_both_distances():
    assert report().lines[2].split()[:4] == ["1", "5", "0.36", "0.36"]


def test_the_lines_begin_with_what_became_of_the_story():
    assert report().lines[0] == "The War of the Ghosts: 3 retellings, 6 words became 5."


def test_missing_retellings_are_mentioned():
    empty = report(chains=0)
    assert empty.lines == ["There are no retellings yet."]
    assert "There are no retellings yet." in empty.html


def test_the_page_begins_with_the_introduction():
    assert report().html.startswith("<p>After Bartlett.</p>")


def test_texts_are_shown_and_never_run():
    page = parsed(report(text=ATTACK).html)
    assert not {"script", "img"} & set(page.seen)
    assert "alert(" in "".join(page.data)


def test_the_page_fetches_nothing():
    fetching = {"src", "href", "srcset", "data", "action"}
    assert not [name for name, _ in parsed(report().html).attributes if name in fetching]
    assert not re.search(r"@import|url\(", report().page)


@pytest.mark.parametrize("places", [1, 2, 10, 11, 25])
def test_every_picture_has_a_title_and_a_description(places):
    for svg in svgs(report(places).html):
        names = svg.attrib["aria-labelledby"].split()
        assert [svg.find(kind).attrib["id"] for kind in ("title", "desc")] == names


def test_the_chain_has_a_circle_for_the_source_and_each_place():
    chain = svgs(report(5).html)[0]
    assert len(chain.findall("circle[@class='node']")) == 6


def test_the_plot_has_a_point_for_each_place_and_distance():
    plot = svgs(report(5).html)[1]
    assert [len(line.attrib["points"].split()) for line in plot.findall("polyline")] == [5, 5]


@pytest.mark.parametrize("places", [1, 10, 12, 40])
def test_nothing_is_drawn_outside_the_picture(places):
    for svg in svgs(report(places).html):
        _, _, width, height = map(float, svg.attrib["viewBox"].split())
        for circle in svg.findall("circle"):
            assert 0 < float(circle.attrib["cx"]) < width
            assert 0 < float(circle.attrib["cy"]) < height


def test_ids_stay_unique_with_several_chains():
    ids = [value for name, value in parsed(report(chains=2).html).attributes if name == "id"]
    assert len(ids) == 8
    assert len(set(ids)) == 8


def test_the_table_holds_the_numbers_of_the_plot():
    assert '<th scope="row">1</th><td>5</td><td>0.360</td><td>0.360</td>' in report().html


def test_words_that_came_are_marked():
    assert changed_words("a b", "a c") == ("a <del>b</del>", "a <ins>c</ins>")


def test_what_stands_in_pictures_is_escaped():
    drawn = chain_chart("a", "<b>", ["<i>"], ["<u>"], [0.5]) + line_chart("b", "<b>", {"<s>": [1.0]})
    assert not {"b", "i", "u", "s"} & set(parsed(drawn).seen)


def test_the_axis_of_a_plot_ends_at_its_top():
    plot = svgs(line_chart("pay", "Pay", {"pay": [0.0, 50.0]}, top=50))[0]
    assert [tick.text for tick in plot.findall("text[@class='tick end']")][-1] == "50.0"
