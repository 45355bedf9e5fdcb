"""A flow drawn: steps in columns from left to right, ways between them. Pure geometry, no words.

Lines go from one column to the next only, so that none runs behind a step. A way that leads on,
or back, or to a *hub* that many lead to (a person, the emergency menu) is named inside the step it
leaves from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.core.flow import Flow, targets

BOX_WIDTH = 226
BOX_HEIGHT = 66
LINE_HEIGHT = 18
COLUMN_GAP = 96
ROW_GAP = 22
MARGIN = 16
HUB_FROM = 4
"""So many different steps lead to a hub, or more."""
_SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Way:
    """All ways from one step to another. `fields` as in the file: `silence`, `keys.1`."""

    source: str
    target: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A step at its place, in pixels from the top left corner."""

    step: str
    x: int
    y: int
    height: int
    named: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn way: an SVG path, and where its label stands."""

    way: Way
    path: str
    label_x: int
    label_y: int


@dataclass(frozen=True, slots=True)
class Graph:
    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(flow: Flow) -> Graph:
    """The picture of a valid flow; equal flows give equal pictures."""
    ways = _ways(flow)
    hubs, depth = _hubs(ways), _depths(flow, ways)
    drawn = [
        way for way in ways if way.target not in hubs and depth[way.target] == depth[way.source] + 1
    ]
    columns = _columns(flow, depth, drawn)
    boxes = _boxes(columns, [way for way in ways if way not in drawn])
    by_step = {box.step: box for box in boxes}
    lines = _lines(drawn, by_step)
    return Graph(
        width=max(box.x for box in boxes) + BOX_WIDTH + MARGIN,
        height=max(box.y + box.height for box in boxes) + MARGIN,
        boxes=tuple(boxes),
        lines=tuple(lines),
    )


def _ways(flow: Flow) -> list[Way]:
    found: dict[tuple[str, str], list[str]] = {}
    for step in flow.steps.values():
        for field, target in targets(step):
            found.setdefault((step.name, target), []).append(field)
    return [Way(source, target, tuple(fields)) for (source, target), fields in found.items()]


def _hubs(ways: list[Way]) -> frozenset[str]:
    leading: dict[str, set[str]] = defaultdict(set)
    for way in ways:
        leading[way.target].add(way.source)
    return frozenset(step for step, sources in leading.items() if len(sources) >= HUB_FROM)


def _columns(flow: Flow, depth: Mapping[str, int], drawn: list[Way]) -> list[list[str]]:
    """Steps by their distance from the start, in an order that crosses few lines."""
    columns: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for step in flow.steps:
        columns[depth[step]].append(step)
    near: dict[str, list[str]] = defaultdict(list)
    for way in drawn:
        near[way.source].append(way.target)
        near[way.target].append(way.source)
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            place = {step: n / len(c) for c in columns for n, step in enumerate(c)}
            column.sort(key=lambda step: (_middle(near[step], place, place[step]), step))
    return columns


def _middle(near: list[str], place: Mapping[str, float], own: float) -> float:
    return sum(place[step] for step in near) / len(near) if near else own


def _depths(flow: Flow, ways: list[Way]) -> dict[str, int]:
    """Fewest ways from the start, or from the fallback for what only that leads to."""
    following: dict[str, list[str]] = defaultdict(list)
    for way in ways:
        following[way.source].append(way.target)
    depth = {flow.start: 0}
    pending = [flow.start]
    for step in pending:
        for target in following[step]:
            if target not in depth:
                depth[target] = depth[step] + 1
                pending.append(target)
    last = max(depth.values())
    return {step: depth.get(step, last) for step in flow.steps}


def _boxes(columns: list[list[str]], named: list[Way]) -> list[Box]:
    chips: dict[str, list[Way]] = defaultdict(list)
    for way in named:
        chips[way.source].append(way)
    boxes: list[Box] = []
    for number, column in enumerate(columns):
        x = MARGIN + number * (BOX_WIDTH + COLUMN_GAP)
        y = MARGIN
        for step in column:
            height = _height(chips[step])
            boxes.append(Box(step, x, y, height, tuple(chips[step])))
            y += height + ROW_GAP
    return boxes


def _height(chips: list[Way]) -> int:
    return BOX_HEIGHT + LINE_HEIGHT * len(chips)


def _lines(drawn: list[Way], boxes: Mapping[str, Box]) -> list[Line]:
    """Each line leaves and arrives at a place of its own, in the order of the other end."""
    leaving: dict[str, list[Way]] = defaultdict(list)
    arriving: dict[str, list[Way]] = defaultdict(list)
    for way in drawn:
        leaving[way.source].append(way)
        arriving[way.target].append(way)
    for ways in leaving.values():
        ways.sort(key=lambda way: (boxes[way.target].y, way.target))
    for ways in arriving.values():
        ways.sort(key=lambda way: (boxes[way.source].y, way.source))
    return [
        _line(
            way,
            boxes,
            _share(leaving[way.source].index(way), len(leaving[way.source])),
            _share(arriving[way.target].index(way), len(arriving[way.target])),
        )
        for way in drawn
    ]


def _share(number: int, count: int) -> float:
    return (number + 1) / (count + 1)


def _line(way: Way, boxes: Mapping[str, Box], out_at: float, in_at: float) -> Line:
    source, target = boxes[way.source], boxes[way.target]
    x1, y1 = source.x + BOX_WIDTH, source.y + round(source.height * out_at)
    x2, y2 = target.x, target.y + round(target.height * in_at)
    bend = (x2 - x1) // 2
    path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return Line(way, path, x1 + 10, y1 - 4)
