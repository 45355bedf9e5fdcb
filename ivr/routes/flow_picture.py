"""A flow in the reader's words: the graph with its funnel, and the same as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.core.conditions import (
    CalledBefore,
    CallerIs,
    DayIs,
    Dialled,
    Flag,
    LastTeam,
    Offered,
    PlanOn,
    QueueOver,
    Test,
    TimeOfDay,
)
from ivr.core.flow import (
    Announce,
    Callback,
    ChooseLanguage,
    Condition,
    Digits,
    End,
    Enquiry,
    Flow,
    LeaveFor,
    Listening,
    Lookup,
    Menu,
    Message,
    Queue,
    Step,
    SurveyQuestion,
)
from ivr.core.funnel import Counts
from ivr.core.graph import BOX_WIDTH, PADDING, Way, Words, draw, ways

KIND_NAMES: Mapping[type[Step], str] = {
    Announce: "播报",
    Menu: "按键选单",
    Listening: "听说话",
    Digits: "输入号码",
    Lookup: "后台查询",
    ChooseLanguage: "选择语言",
    Queue: "转人工",
    Callback: "约定回拨",
    Message: "留言",
    LeaveFor: "转出",
    Condition: "判断",
    SurveyQuestion: "评价",
    End: "结束",
}
TEST_NAMES: Mapping[type[Test] | Flag, str] = {
    Flag.LINE_KNOWN: "拨的是老号码？",
    Flag.LANGUAGE_KNOWN: "知道讲哪种话？",
    Flag.ORDER_KNOWN: "有最近的工单？",
    TimeOfDay: "在这个时段？",
    DayIs: "是这类日子？",
    Dialled: "拨的是这些号码？",
    CallerIs: "是这类主叫？",
    QueueOver: "排队超过界限？",
    Offered: "正提供这项选择？",
    PlanOn: "预案已启用？",
    CalledBefore: "以前打来过？",
    LastTeam: "上次找的是这个班组？",
}
LOOKUP_NAMES = {Enquiry.ORDER_PROGRESS: "查询办理进度"}
WAY_NAMES = {
    "next": "念完",
    "silence": "不按键",
    "unknown": "按错",
    "by_voice": "说出",
    "alarm": "紧急未确认",
    "failed": "不成功",
    "then": "是",
    "otherwise": "否",
    "answered": "已评价",
    "entered": "输完",
    "found": "查到",
    "not_found": "没查到",
    "refused": "次数过多",
    "closed": "此时不回拨",
    "callback": "选回拨",
    "message": "选留言",
}

StepTitle = Callable[[str, str], str | None]
"""Flow and step -> what the screens call it; None for what a caller does not hear."""


@dataclass(frozen=True, slots=True)
class WayOn:
    """One way out of a step: by what, and to what."""

    words: str
    target: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One step in the table below the graph."""

    step: str
    title: str
    kind: str
    counts: Counts
    ways: tuple[WayOn, ...]


class FlowWords:
    """`say`: a Chinese text of the screens in the reader's language."""

    def __init__(self, step_title: StepTitle, say: Callable[[str], str]) -> None:
        self._step_title = step_title
        self._say = say

    def title(self, flow: Flow, name: str) -> str:
        """What a step is called; where a caller hears nothing, what is asked there."""
        match flow.steps[name]:
            case Condition(test=Flag() as flag):
                return self._say(TEST_NAMES[flag])
            case Condition(test=test):
                return self._say(TEST_NAMES[type(test)])
            case Lookup(enquiry=enquiry):
                return self._say(LOOKUP_NAMES[enquiry])
            case _:
                title = self._step_title(flow.name, name)
                return self._say(title) if title else name

    def kind(self, step: Step) -> str:
        return self._say(KIND_NAMES[type(step)])

    def way(self, way: Way) -> str:
        """The keys and answers that lead this way; empty where it goes on by itself. What is said
        is told once: where the way leads tells what it is."""
        words: dict[str, None] = {}
        for field in way.fields:
            kind, _, key = field.partition(".")
            if kind == "keys":
                words[key] = None
            elif kind == "intents":
                words[self._say(WAY_NAMES["by_voice"])] = None
            elif field != "next":
                words[self._say(WAY_NAMES.get(field, field))] = None
        return self._say("、").join(words)

    def rows(self, flow: Flow, figures: Mapping[str, Counts]) -> tuple[Row, ...]:
        leaving: dict[str, list[WayOn]] = {step: [] for step in flow.steps}
        for way in ways(flow):
            on = WayOn(self.way(way), way.target, self.title(flow, way.target))
            leaving[way.source].append(on)
        return tuple(
            Row(
                step.name,
                self.title(flow, step.name),
                self.kind(step),
                figures.get(step.name, Counts()),
                tuple(leaving[step.name]),
            )
            for step in flow.steps.values()
        )

    def picture(self, flow: Flow, figures: Mapping[str, Counts]) -> dict[str, Any]:
        """The graph as the template draws it."""

        def counted(step: str) -> str:
            return self._figures(figures.get(step, Counts()))

        graph = draw(
            flow,
            Words(
                name=lambda step: self.title(flow, step),
                kind=lambda step: f"{self.kind(flow.steps[step])} · {step}",
                figures=counted,
                way=self.way,
            ),
        )
        return {
            "width": graph.width,
            "height": graph.height,
            "box_width": BOX_WIDTH,
            "padding": PADDING,
            "lines": graph.lines,
            "boxes": [
                {
                    "step": box.step,
                    "x": box.x,
                    "y": box.y,
                    "height": box.height,
                    "texts": box.texts,
                    "look": type(flow.steps[box.step]).__name__.lower(),
                    "start": box.step == flow.start,
                    "lost_width": _lost_width(figures.get(box.step, Counts())),
                }
                for box in graph.boxes
            ],
        }

    def _figures(self, counts: Counts) -> str:
        if not counts.entered:
            return self._say("暂无来电")
        parts = (
            self._say("进 %(n)s") % {"n": counts.entered},
            self._say("挂 %(n)s") % {"n": counts.hung_up},
            self._say("人工 %(n)s") % {"n": counts.to_person},
        )
        return " · ".join(parts)


def _lost_width(counts: Counts) -> int:
    """The bar of those who hung up here, in pixels of the box."""
    return round(BOX_WIDTH * counts.hung_up / counts.entered) if counts.entered else 0
