"""The picture of a flow: everything on it, nothing on top of another."""

from __future__ import annotations

from itertools import combinations

import pytest

from ivr.core.flow import Flow, targets
from ivr.core.graph import BOX_WIDTH, HUB_FROM, Box, draw
from tests.unit.ivr.shipped import main_flow, survey_flow


@pytest.fixture(params=[main_flow, survey_flow], ids=["main", "survey"])
def flow(request: pytest.FixtureRequest) -> Flow:
    made: Flow = request.param()
    return made


def test_every_step_is_drawn_once_and_no_two_overlap(flow: Flow) -> None:
    boxes = draw(flow).boxes
    assert sorted(box.step for box in boxes) == sorted(flow.steps)
    for one, other in combinations(boxes, 2):
        assert not (overlap_across(one, other) and overlap_down(one, other)), (one, other)


def overlap_across(one: Box, other: Box) -> bool:
    return one.x < other.x + BOX_WIDTH and other.x < one.x + BOX_WIDTH


def overlap_down(one: Box, other: Box) -> bool:
    return one.y < other.y + other.height and other.y < one.y + one.height


def test_every_way_is_a_line_or_is_named_in_the_step_it_leaves(flow: Flow) -> None:
    graph = draw(flow)
    shown = [line.way for line in graph.lines] + [w for box in graph.boxes for w in box.named]
    told = {(w.source, w.target, field) for w in shown for field in w.fields}
    meant = {(s.name, target, field) for s in flow.steps.values() for field, target in targets(s)}
    assert told == meant


def test_lines_lead_from_one_column_to_the_next_so_that_none_runs_behind_a_step(flow: Flow) -> None:
    graph = draw(flow)
    at = {box.step: box.x for box in graph.boxes}
    columns = sorted(set(at.values()))
    for line in graph.lines:
        source, target = columns.index(at[line.way.source]), columns.index(at[line.way.target])
        assert target == source + 1


def test_step_that_many_lead_to_is_drawn_without_their_lines() -> None:
    graph = draw(main_flow())
    assert "person" not in {line.way.target for line in graph.lines}
    leading = {w.source for box in graph.boxes for w in box.named if w.target == "person"}
    assert len(leading) >= HUB_FROM


def test_picture_holds_all_boxes_and_is_the_same_each_time(flow: Flow) -> None:
    graph = draw(flow)
    assert all(0 <= box.x and box.x + BOX_WIDTH <= graph.width for box in graph.boxes)
    assert all(0 <= box.y and box.y + box.height <= graph.height for box in graph.boxes)
    assert draw(flow) == graph
