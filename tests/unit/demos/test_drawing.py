"""Drawings are read with suspicion, compared by their lines, and redrawn by an unsteady hand."""

from __future__ import annotations

import json
import random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demos.bartlett_drawing.drawing import (
    MOST_POINTS,
    SIZE,
    Drawing,
    NotADrawing,
    distance,
    read_drawing,
    read_stimulus,
    svg,
)
from demos.bartlett_drawing.gallery import galleries, gallery_html, gallery_lines
from demos.bartlett_drawing.hand import Hand, redraw

COORDINATES = st.integers(0, SIZE)
STROKES = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=5).map(tuple)
DRAWINGS = st.lists(STROKES, min_size=1, max_size=3).map(tuple).map(Drawing)
SEEDS = st.integers(0, 2**32)
STEADY = Hand(stroke_loss=0, tremor=0, stretch=0)


def owl() -> Drawing:
    return read_drawing(read_stimulus("owl"))


def points(drawing: Drawing) -> int:
    return sum(len(stroke) for stroke in drawing.strokes)


@given(DRAWINGS)
def test_what_was_written_is_read_again(drawing):
    assert read_drawing(drawing.contents()) == drawing


@pytest.mark.parametrize(
    "contents",
    [
        "",
        "an owl",
        "[]",
        "null",
        "{}",
        '{"strokes": []}',
        '{"strokes": "owl"}',
        '{"strokes": [[]]}',
        '{"strokes": [[1]]}',
        '{"strokes": [[1, 2, 3]]}',
        '{"strokes": [[1, -1]]}',
        '{"strokes": [[1, 401]]}',
        '{"strokes": [[1, NaN]]}',
        '{"strokes": [[1, Infinity]]}',
        '{"strokes": [[1, true]]}',
        '{"strokes": [[1, "2\\"/><script>"]]}',
        "[" * 5000,
    ],
)
def test_contents_that_are_not_a_drawing_are_refused(contents):
    with pytest.raises(NotADrawing):
        read_drawing(contents)


def test_more_points_than_a_person_draws_are_refused():
    with pytest.raises(NotADrawing, match="more points"):
        read_drawing(json.dumps({"strokes": [[1, 1] * (MOST_POINTS + 1)]}))


@given(st.text())
def test_text_of_random_characters_is_refused(text):
    with pytest.raises(NotADrawing):
        read_drawing(text)


@given(DRAWINGS)
def test_a_drawing_has_distance_zero_from_itself(drawing):
    assert distance(drawing, drawing) == 0.0


@given(DRAWINGS, DRAWINGS)
def test_the_way_is_the_same_in_both_directions(one, other):
    assert distance(one, other) == pytest.approx(distance(other, one))


def test_a_line_moved_by_a_tenth_of_the_sheet_is_a_tenth_away():
    one = Drawing((((0.0, 100.0), (400.0, 100.0)),))
    other = Drawing((((0.0, 140.0), (400.0, 140.0)),))
    assert distance(one, other) == pytest.approx(0.1)


def test_how_many_points_a_line_has_makes_no_difference():
    few = Drawing((((0.0, 0.0), (400.0, 0.0)),))
    many = Drawing((tuple((float(x), 0.0) for x in range(0, 401, 8)),))
    assert distance(few, many) == pytest.approx(0.0)


def test_an_endless_scribble_can_be_compared():
    draw = random.Random(1)
    scribble = Drawing((tuple((draw.uniform(0, SIZE), draw.uniform(0, SIZE)) for _ in range(3000)),))
    assert 0 < distance(scribble, owl()) < 1


@given(DRAWINGS)
def test_the_picture_has_a_line_for_each_stroke(drawing):
    picture = ET.fromstring(svg(drawing, "An <owl> & more"))  # noqa: S314 - our own
    assert len(picture.findall("polyline")) == len(drawing.strokes)


def test_the_picture_has_a_name():
    picture = ET.fromstring(svg(owl(), 'An "owl"'))  # noqa: S314 - our own
    assert picture.attrib["aria-label"] == 'An "owl"'


@given(DRAWINGS)
def test_a_steady_hand_redraws_exactly(drawing):
    assert redraw(drawing, STEADY, random.Random(1)) == drawing


@given(DRAWINGS, SEEDS)
def test_the_same_seed_redraws_the_same(drawing, seed):
    first, second = (redraw(drawing, Hand(), random.Random(seed)) for _ in range(2))
    assert first == second


@given(DRAWINGS, SEEDS)
def test_a_redrawn_figure_can_be_parsed(drawing, seed):
    assert read_drawing(redraw(drawing, Hand(0.5, 40.0, 0.5), random.Random(seed)).contents())


@given(DRAWINGS, SEEDS)
def test_no_stroke_is_invented(drawing, seed):
    assert len(redraw(drawing, Hand(), random.Random(seed)).strokes) <= len(drawing.strokes)


@given(DRAWINGS, SEEDS)
def test_something_is_always_remembered(drawing, seed):
    assert redraw(drawing, Hand(stroke_loss=1), random.Random(seed)).strokes


@given(SEEDS)
def test_the_outline_is_never_forgotten(seed):
    outline = max(map(len, owl().strokes))
    assert max(map(len, redraw(owl(), Hand(stroke_loss=1), random.Random(seed)).strokes)) == outline


def test_an_unsteady_hand_strays():
    assert 0 < distance(owl(), redraw(owl(), Hand(), random.Random(1))) < 0.05


def chain(*contents: str) -> tuple[list[dict], list[dict], list[dict]]:
    numbers = range(1, len(contents) + 1)
    nodes = [{"id": n, "network_id": 1, "failed": False} for n in numbers]
    infos = [
        {"id": 10 * n, "origin_id": n, "type": "info", "failed": False, "contents": text}
        for n, text in zip(numbers, contents, strict=True)
    ]
    sent = [{"destination_id": n, "info_id": 10 * (n - 1)} for n in numbers if n > 1]
    return nodes, infos, sent


LEFT, MIDDLE, RIGHT = (Drawing((((x, 0.0), (x, 400.0)),)).contents() for x in (0.0, 40.0, 80.0))


def test_each_copy_is_compared_with_the_first_drawing():
    copies = galleries(*chain(LEFT, MIDDLE, RIGHT))[0].copies
    assert [copy.to_original for copy in copies] == pytest.approx([0.1, 0.2])


def test_each_copy_is_compared_with_what_was_seen():
    copies = galleries(*chain(LEFT, MIDDLE, RIGHT))[0].copies
    assert [copy.to_parent for copy in copies] == pytest.approx([0.1, 0.1])


def test_contents_that_are_not_a_drawing_are_counted():
    gallery = galleries(*chain(LEFT, "<script>", RIGHT))[0]
    assert (gallery.unreadable, len(gallery.copies)) == (2, 0)


def test_the_lines_tell_what_could_not_be_read():
    lines = gallery_lines(galleries(*chain(LEFT, MIDDLE, "nothing")))
    assert lines[-1] == "1 could not be read as a drawing."


def test_the_page_holds_every_drawing_and_the_first():
    assert gallery_html(galleries(*chain(LEFT, MIDDLE, RIGHT))).count("<svg") == 3


def test_the_page_runs_nothing_that_was_sent():
    assert "<script" not in gallery_html(galleries(*chain(LEFT, "<script>alert(1)</script>", RIGHT)))


def test_the_lines_mention_missing_drawings():
    assert gallery_lines(galleries([], [], [])) == ["There are no drawings yet."]


def test_the_page_mentions_missing_drawings():
    assert "There are no drawings yet." in gallery_html([])
