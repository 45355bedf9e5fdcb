"""A flow drawn: steps in columns from left to right, ways between them. Pure geometry: the words
are handed in, to be given the room that they need.

Lines go from one column to the next only, so that none runs behind a step. A way that leads on,
or back, or to a *hub* that many lead to (a person, the emergency menu) is named inside the step it
leaves from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from ivr.core.flow import Flow, targets
from ivr.core.lettering import lines, width

BOX_WIDTH = 226
PADDING = 10
NAME_SIZE, TEXT_SIZE = 14, 12
"""Of the letters, in pixels."""
LINE_HEIGHT = 18
FIRST_LINE = 21
"""Where the first line of words in a box stands."""
LAST_LINE = 10
"""What is left below the last one."""
LABEL_HEIGHT = 15
ROW_GAP = 22
MARGIN = 16
NARROWEST_GAP = 56
ARROW = 26
"""Of a gap, what its labels leave to the bend and the arrow."""
MOST_LINES = 2
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
class Words:
    """What the picture says, in the reader's language: of a step its name and its kind, of a way
    what leads there. `figures` are lines of their own, one for each step."""

    name: Callable[[str], str]
    kind: Callable[[str], str]
    figures: Callable[[str], str]
    way: Callable[[Way], str]


@dataclass(frozen=True, slots=True)
class Text:
    """One line of words in a box; `kind`: name, kind, figures or hub. `y` from the box's top."""

    kind: str
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """A step at its place, in pixels from the top left corner."""

    step: str
    x: int
    y: int
    height: int
    named: tuple[Way, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn way: an SVG path, its label and where that stands."""

    way: Way
    path: str
    label: str
    label_x: int
    label_y: int


@dataclass(frozen=True, slots=True)
class Graph:
    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(flow: Flow, words: Words) -> Graph:
    """The picture of a valid flow; equal flows and words give equal pictures."""
    all_ways = ways(flow)
    hubs, depth = _hubs(all_ways), _depths(flow, all_ways)
    drawn = [
        way
        for way in all_ways
        if way.target not in hubs and depth[way.target] == depth[way.source] + 1
    ]
    columns = _columns(flow, depth, drawn)
    boxes = _boxes(columns, all_ways, drawn, words)
    by_step = {box.step: box for box in boxes}
    return Graph(
        width=max(box.x for box in boxes) + BOX_WIDTH + MARGIN,
        height=max(box.y + box.height for box in boxes) + MARGIN,
        boxes=tuple(boxes),
        lines=tuple(_lines(drawn, by_step, words)),
    )


def ways(flow: Flow) -> list[Way]:
    """Every way of the flow, those between the same two steps as one; in the order of the file."""
    found: dict[tuple[str, str], list[str]] = {}
    for step in flow.steps.values():
        for field, target in targets(step):
            found.setdefault((step.name, target), []).append(field)
    return [Way(source, target, tuple(fields)) for (source, target), fields in found.items()]


def _hubs(all_ways: list[Way]) -> frozenset[str]:
    leading: dict[str, set[str]] = defaultdict(set)
    for way in all_ways:
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


def _depths(flow: Flow, all_ways: list[Way]) -> dict[str, int]:
    """Fewest ways from the start, or from the fallback for what only that leads to."""
    following: dict[str, list[str]] = defaultdict(list)
    for way in all_ways:
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


def _boxes(
    columns: list[list[str]], all_ways: list[Way], drawn: list[Way], words: Words
) -> list[Box]:
    leaving: dict[str, list[Way]] = defaultdict(list)
    named: dict[str, list[Way]] = defaultdict(list)
    for way in all_ways:
        (leaving if way in drawn else named)[way.source].append(way)
    boxes: list[Box] = []
    x = MARGIN
    for column in columns:
        y = MARGIN
        for step in column:
            texts = _texts(step, named[step], words)
            # Each way that leaves has its label on a line of its own.
            height = max(texts[-1].y + LAST_LINE, LABEL_HEIGHT * (len(leaving[step]) + 1))
            boxes.append(Box(step, x, y, height, tuple(named[step]), texts))
            y += height + ROW_GAP
        labels = [words.way(way) for step in column for way in leaving[step]]
        x += BOX_WIDTH + _gap(labels)
    return boxes


def _gap(labels: list[str]) -> int:
    """To the next column: as wide as the longest label needs."""
    longest = max((width(label) for label in labels), default=0)
    return max(NARROWEST_GAP, ceil(longest * TEXT_SIZE / 2) + ARROW)


def _texts(step: str, named: list[Way], words: Words) -> tuple[Text, ...]:
    said = [("name", part) for part in _broken(words.name(step), NAME_SIZE, MOST_LINES)]
    said += [("kind", part) for part in _broken(words.kind(step), TEXT_SIZE, 1)]
    said += [("figures", part) for part in _broken(words.figures(step), TEXT_SIZE, 1)]
    for way in named:
        hub = f"{words.way(way)} → {words.name(way.target)}".lstrip()
        said += [("hub", part) for part in _broken(hub, TEXT_SIZE, MOST_LINES)]
    return tuple(
        Text(kind, FIRST_LINE + LINE_HEIGHT * number, part)
        for number, (kind, part) in enumerate(said)
    )


def _broken(text: str, size: int, most: int) -> tuple[str, ...]:
    return lines(text, (BOX_WIDTH - 2 * PADDING) * 2 / size, most)


def _lines(drawn: list[Way], boxes: Mapping[str, Box], words: Words) -> list[Line]:
    """Each line leaves and arrives at a place of its own, in the order of the other end."""
    leaving: dict[str, list[Way]] = defaultdict(list)
    arriving: dict[str, list[Way]] = defaultdict(list)
    for way in drawn:
        leaving[way.source].append(way)
        arriving[way.target].append(way)
    for going in leaving.values():
        going.sort(key=lambda way: (boxes[way.target].y, way.target))
    for coming in arriving.values():
        coming.sort(key=lambda way: (boxes[way.source].y, way.source))
    return [
        _line(
            way,
            boxes,
            words.way(way),
            _share(leaving[way.source].index(way), len(leaving[way.source])),
            _share(arriving[way.target].index(way), len(arriving[way.target])),
        )
        for way in drawn
    ]


def _share(number: int, count: int) -> float:
    return (number + 1) / (count + 1)


def _line(way: Way, boxes: Mapping[str, Box], label: str, out_at: float, in_at: float) -> Line:
    source, target = boxes[way.source], boxes[way.target]
    x1, y1 = source.x + BOX_WIDTH, source.y + round(source.height * out_at)
    x2, y2 = target.x, target.y + round(target.height * in_at)
    bend = (x2 - x1) // 2
    path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return Line(way, path, label, x1 + 8, y1 - 4)
