"""The picture of a flow: everything on it, nothing on top of another."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from ivr.core.flow import Flow, targets
from ivr.core.graph import (
    BOX_WIDTH,
    HUB_FROM,
    LABEL_HEIGHT,
    NAME_SIZE,
    PADDING,
    TEXT_SIZE,
    Box,
    Words,
    draw,
)
from ivr.core.lettering import width
from tests.unit.ivr.shipped import main_flow, survey_flow

SHORT = Words(
    name=lambda step: step,
    kind=lambda step: "按键选单",
    figures=lambda step: "进 3 · 挂 1 · 人工 1",
    way=lambda way: " ".join(field.removeprefix("keys.") for field in way.fields),
)
LONG = Words(
    name=lambda step: f"{step} with a name that goes on and on",
    kind=lambda step: "判断的种类有一个说不完的名字，说不完的名字",
    figures=lambda step: "1,000,000 in · 1,000,000 out · 1,000,000 to a person",
    way=lambda way: "不按键 按错 紧急未确认 " * len(way.fields),
)


@pytest.fixture(params=[main_flow, survey_flow], ids=["main", "survey"])
def flow(request: pytest.FixtureRequest) -> Flow:
    made: Flow = request.param()
    return made


@pytest.fixture(params=[SHORT, LONG], ids=["short", "long"])
def words(request: pytest.FixtureRequest) -> Words:
    made: Words = request.param
    return made


def test_every_step_is_drawn_once_and_no_two_overlap(flow: Flow, words: Words) -> None:
    boxes = draw(flow, words).boxes
    assert sorted(box.step for box in boxes) == sorted(flow.steps)
    for one, other in combinations(boxes, 2):
        assert not (overlap_across(one, other) and overlap_down(one, other)), (one, other)


def overlap_across(one: Box, other: Box) -> bool:
    return one.x < other.x + BOX_WIDTH and other.x < one.x + BOX_WIDTH


def overlap_down(one: Box, other: Box) -> bool:
    return one.y < other.y + other.height and other.y < one.y + one.height


def test_words_stay_inside_their_box_one_line_below_the_other(flow: Flow, words: Words) -> None:
    for box in draw(flow, words).boxes:
        at = [text.y for text in box.texts]
        assert all(0 < y < box.height for y in at)
        assert all(later - earlier >= NAME_SIZE for earlier, later in pairwise(at))
        for text in box.texts:
            size = NAME_SIZE if text.kind == "name" else TEXT_SIZE
            assert width(text.text) * size / 2 <= BOX_WIDTH - 2 * PADDING


def test_labels_stand_between_the_columns_and_not_on_each_other(flow: Flow, words: Words) -> None:
    graph = draw(flow, words)
    columns = sorted({box.x for box in graph.boxes})
    for line in graph.lines:
        following = min(x for x in columns if x > line.label_x)
        assert line.label_x + width(line.label) * TEXT_SIZE / 2 <= following
    for one, other in combinations(graph.lines, 2):
        if one.way.source == other.way.source:
            assert abs(one.label_y - other.label_y) >= LABEL_HEIGHT - 1


def test_every_way_is_a_line_or_is_named_in_the_step_it_leaves(flow: Flow) -> None:
    graph = draw(flow, SHORT)
    shown = [line.way for line in graph.lines] + [w for box in graph.boxes for w in box.named]
    told = {(w.source, w.target, field) for w in shown for field in w.fields}
    meant = {(s.name, target, field) for s in flow.steps.values() for field, target in targets(s)}
    assert told == meant


def test_lines_lead_from_one_column_to_the_next_so_that_none_runs_behind_a_step(flow: Flow) -> None:
    graph = draw(flow, SHORT)
    at = {box.step: box.x for box in graph.boxes}
    columns = sorted(set(at.values()))
    for line in graph.lines:
        source, target = columns.index(at[line.way.source]), columns.index(at[line.way.target])
        assert target == source + 1


def test_step_that_many_lead_to_is_drawn_without_their_lines() -> None:
    graph = draw(main_flow(), SHORT)
    assert "person" not in {line.way.target for line in graph.lines}
    leading = {w.source for box in graph.boxes for w in box.named if w.target == "person"}
    assert len(leading) >= HUB_FROM


def test_picture_holds_all_boxes_and_is_the_same_each_time(flow: Flow, words: Words) -> None:
    graph = draw(flow, words)
    assert all(0 <= box.x and box.x + BOX_WIDTH <= graph.width for box in graph.boxes)
    assert all(0 <= box.y and box.y + box.height <= graph.height for box in graph.boxes)
    assert draw(flow, words) == graph
