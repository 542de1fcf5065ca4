"""The report of the story demo stands alone, tells the numbers twice, and trusts no text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from demos.bartlett1932.drift import Chain, Retelling
from demos.bartlett1932.report import report_html, report_lines

ATTACK = '<script>alert("x")</script> & <img src=x onerror=y>'


def a_chain(places: int = 3, text: str = "A man went home.") -> Chain:
    retellings = tuple(
        Retelling(place, place, f"{text} {place}", text, min(place / 10, 1.0), 0.05)
        for place in range(1, places + 1)
    )
    return Chain(1, "The War of the Ghosts", "A man went home at night.", retellings)


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
    assert report_lines([a_chain()])[2].split()[:4] == ["1", "5", "0.10", "0.05"]


def test_the_lines_begin_with_what_became_of_the_story():
    assert report_lines([a_chain()])[0] == "The War of the Ghosts: 3 retellings, 6 words became 5."


def test_the_lines_mention_missing_retellings():
    assert report_lines([]) == ["There are no retellings yet."]


def test_the_page_mentions_missing_retellings():
    assert "There are no retellings yet." in report_html([])


def test_texts_are_shown_and_never_run():
    assert not {"script", "img"} & set(parsed(report_html([a_chain(text=ATTACK)])).seen)


def test_an_attack_is_still_there_to_read():
    assert "alert(" in "".join(parsed(report_html([a_chain(text=ATTACK)])).data)


def test_the_page_fetches_nothing():
    fetching = {"src", "href", "srcset", "data", "action"}
    assert not [name for name, _ in parsed(report_html([a_chain()])).attributes if name in fetching]


def test_the_style_fetches_nothing():
    assert not re.search(r"@import|url\(", report_html([a_chain()]))


@pytest.mark.parametrize("places", [1, 2, 10, 11, 25])
def test_every_picture_has_a_title_and_a_description(places):
    for svg in svgs(report_html([a_chain(places)])):
        names = svg.attrib["aria-labelledby"].split()
        assert [svg.find(kind).attrib["id"] for kind in ("title", "desc")] == names


def test_the_chain_has_a_circle_for_the_source_and_each_place():
    chain = svgs(report_html([a_chain(5)]))[0]
    assert len(chain.findall("circle[@class='node']")) == 6


def test_the_plot_has_a_point_for_each_place_and_distance():
    plot = svgs(report_html([a_chain(5)]))[1]
    assert [len(line.attrib["points"].split()) for line in plot.findall("polyline")] == [5, 5]


@pytest.mark.parametrize("places", [1, 10, 12, 40])
def test_nothing_is_drawn_outside_the_picture(places):
    for svg in svgs(report_html([a_chain(places)])):
        _, _, width, height = map(float, svg.attrib["viewBox"].split())
        for circle in svg.findall("circle"):
            assert 0 < float(circle.attrib["cx"]) < width
            assert 0 < float(circle.attrib["cy"]) < height


def test_ids_stay_unique_with_several_chains():
    ids = [value for name, value in parsed(report_html([a_chain(), a_chain()])).attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_the_table_holds_the_numbers_of_the_plot():
    assert '<th scope="row">3</th><td>5</td><td>0.300</td><td>0.050</td>' in report_html([a_chain()])


def test_words_that_came_are_marked():
    assert "<ins> 1</ins>" in report_html([a_chain()])
