"""The page of the peak-hour plans: what each would do, how far it is from starting, its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response

from acd.core.plan_levers import NO_LIMIT, LeverKind
from acd.core.plan_reserves import Answer
from acd.core.plan_runs import PlanRun
from acd.core.plans import (
    Announce,
    Cause,
    EndCause,
    Measure,
    OfferCallback,
    OpenMessageBox,
    OpenRingTo,
    Plan,
    Summon,
    Trigger,
    WrapUpAtMost,
)
from acd.plans import Plans
from acd.schemas import PlanOrderIn
from kernel.ids import AgentId, TeamId
from kernel.infra.web import WebKit, duration
from kernel.language import ScreenLanguage
from kernel.policy import Action

TeamNames = Mapping[ScreenLanguage, Mapping[str, str]]
PromptText = Callable[[str, ScreenLanguage], str]
"""What callers hear, by the prompt's name."""
ReasonName = Callable[[str, ScreenLanguage], str]
"""Of not being ready, by its code."""
AgentName = Callable[[AgentId, ScreenLanguage], str]

MEASURE_NAMES: Mapping[Measure, str] = {
    Measure.WAITING: "排队来电",
    Measure.LONGEST_WAIT: "最长等待",
    Measure.SERVICE_LEVEL: "预计15秒接听率",
    Measure.ABANDONS: "近5分钟放弃",
}
CAUSE_NAMES: Mapping[Cause, str] = {Cause.TRIGGER: "自动触发", Cause.SUPERVISOR: "值班长启动"}
END_NAMES: Mapping[EndCause, str] = {
    EndCause.CALM: "恢复平稳",
    EndCause.SUPERVISOR: "值班长结束",
    EndCause.TIME_OVER: "到时结束",
    EndCause.REMOVED: "预案已取消",
}
ANSWER_NAMES: Mapping[Answer, str] = {
    Answer.CAME: "已返回",
    Answer.DECLINED: "暂不能来",
    Answer.ASKED: "未答复",
    Answer.LEFT: "已签退",
}
WHOLE_HALL = "全中心"
_SHOWN_MARKS = ("start", "after_5", "after_15", "end")


@dataclass(frozen=True, slots=True)
class Names:
    """The words of other departments."""

    teams: TeamNames
    prompt: PromptText
    reason: ReasonName
    agent: AgentName


def build_router(kit: WebKit, plans: Plans, names: Names) -> APIRouter:
    """Page `/plans`; JSON `/api/plans/{plan_id}/begin` and `/end`. What changes from moment to
    moment comes with the wallboard's socket."""
    router = APIRouter()
    router.include_router(_page(kit, plans, names))
    router.include_router(_orders(kit, plans))
    return router


def _page(kit: WebKit, plans: Plans, names: Names) -> APIRouter:
    router = kit.router(action=Action.SEE_WALLBOARD)

    @router.get("/plans")
    async def plans_page(request: Request, cursor: str = "") -> Response:
        language = await kit.language(request)
        words = Words(kit, language, names)
        page = await plans.history(cursor or None)
        known = {view.plan.plan_id: view.plan for view in plans.board()}
        return await kit.page(
            request,
            "acd/plans.html",
            plans=[words.plan(plan) for plan in known.values()] if not cursor else [],
            runs=[words.run(run, known.get(run.plan_id)) for run in page.rows],
            next_cursor=page.next_cursor,
            first_page=not cursor,
        )

    return router


def _orders(kit: WebKit, plans: Plans) -> APIRouter:
    router = kit.router(action=Action.RUN_PLANS)

    @router.post("/api/plans/{plan_id}/begin", status_code=204)
    async def begin(plan_id: str, order: PlanOrderIn, request: Request) -> None:
        await plans.begin(await kit.principal(request), plan_id, order.reason)

    @router.post("/api/plans/{plan_id}/end", status_code=204)
    async def end(plan_id: str, order: PlanOrderIn, request: Request) -> None:
        await plans.end(await kit.principal(request), plan_id, order.reason)

    return router


# --- words ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GaugeWords:
    """`least` and `most` are the ends of its scale, `falling` where low is bad."""

    name: str
    measure: str
    start: float
    end: float
    most: float
    falling: bool
    start_text: str
    end_text: str


@dataclass(frozen=True, slots=True)
class PlanWords:
    plan_id: str
    name: str
    team: str
    all_needed: bool
    gauges: tuple[GaugeWords, ...]
    does: tuple[str, ...]
    times: str
    armed: str


@dataclass(frozen=True, slots=True)
class RunWords:
    run_id: str
    name: str
    team: str
    started_at: datetime
    lasted: timedelta | None
    cause: str
    by: str
    reason: str
    end_cause: str
    end_by: str
    end_reason: str
    did: tuple[str, ...]
    effect: tuple[tuple[str, str], ...]
    summoned: tuple[tuple[str, int, str], ...]
    notes: tuple[str, ...]


class Words:
    """Plans and runs in one reader's language."""

    def __init__(self, kit: WebKit, language: ScreenLanguage, names: Names) -> None:
        self._kit = kit
        self._language = language
        self._names = names
        self._teams = names.teams[language]

    def _say(self, text: str, **values: object) -> str:
        said = self._kit.catalogue.text(self._language, text)
        return said % values if values else said

    def _team(self, team: TeamId) -> str:
        return self._teams.get(team, team) if team else self._say(WHOLE_HALL)

    def _name(self, plan: Plan) -> str:
        return plan.zh if self._language is ScreenLanguage.CHINESE else plan.en

    def plan(self, plan: Plan) -> PlanWords:
        return PlanWords(
            plan_id=plan.plan_id,
            name=self._name(plan),
            team=self._team(plan.measured),
            all_needed=plan.combine.value == "all" and len(plan.triggers) > 1,
            gauges=tuple(self._gauge(t) for t in plan.triggers),
            does=tuple(self._does(plan)),
            times=self._say(
                "持续 %(after)s 后启动，至少执行 %(least)s，平稳 %(calm)s 后解除",
                after=duration(plan.start_after),
                least=duration(plan.least),
                calm=duration(plan.end_after),
            ),
            armed=self._armed(plan),
        )

    def _armed(self, plan: Plan) -> str:
        parts = []
        if plan.dates is not None:
            first, last = (day.isoformat() for day in plan.dates)
            parts.append(self._say("%(first)s 至 %(last)s", first=first, last=last))
        if plan.hours is not None:
            first, last = (f"{hour:%H:%M}" for hour in plan.hours)
            parts.append(f"{first}–{last}")
        return self._say("仅在 %(when)s 自动启动", when=" ".join(parts)) if parts else ""

    def _gauge(self, trigger: Trigger) -> GaugeWords:
        most = 1.0 if trigger.measure is Measure.SERVICE_LEVEL else trigger.start * 1.5
        return GaugeWords(
            name=self._say(MEASURE_NAMES[trigger.measure]),
            measure=trigger.measure.value,
            start=trigger.start,
            end=trigger.end,
            most=most,
            falling=trigger.falling,
            start_text=figure(trigger.measure, trigger.start),
            end_text=figure(trigger.measure, trigger.end),
        )

    def _does(self, plan: Plan) -> list[str]:
        said = []
        for action in plan.actions:
            match action:
                case OpenRingTo(ring=ring):
                    said.append(self._say("来电直接放宽到第 %(n)s 圈", n=ring))
                case WrapUpAtMost(limit=limit):
                    said.append(self._say("话后整理不超过 %(n)s 秒", n=int(limit.total_seconds())))
                case Announce(prompts=prompts):
                    # Chinese sentences follow each other without a space.
                    gap = "" if self._language is ScreenLanguage.CHINESE else " "
                    heard = gap.join(self._names.prompt(name, self._language) for name in prompts)
                    said.append(self._say("等候时播报：%(heard)s", heard=heard))
                case OfferCallback():
                    said.append(self._say("一开始等候就提供回拨"))
                case OpenMessageBox():
                    said.append(self._say("开放留言"))
                case Summon(reasons=reasons):
                    named = self._say("、").join(
                        self._names.reason(reason, self._language) for reason in reasons
                    )
                    said.append(self._say("请正在%(reasons)s的话务员返回", reasons=named))
        return said

    def run(self, run: PlanRun, plan: Plan | None) -> RunWords:
        return RunWords(
            run_id=run.run_id,
            name=self._name(plan) if plan is not None else run.plan_id,
            team=self._team(run.team),
            started_at=run.started_at,
            lasted=run.ended_at - run.started_at if run.ended_at is not None else None,
            cause=self._say(CAUSE_NAMES[run.cause]),
            by=run.actor,
            reason=run.reason,
            end_cause=self._say(END_NAMES[run.end_cause]) if run.end_cause else "",
            end_by=run.end_actor,
            end_reason=run.end_reason,
            did=tuple(self._did(run)),
            effect=tuple(self._effect(run)),
            summoned=self._summoned(run),
            notes=tuple(self._say(note) for note in run.notes),
        )

    def _summoned(self, run: PlanRun) -> tuple[tuple[str, int, str], ...]:
        """Each answer, how many gave it, and who."""
        return tuple(
            (self._say(ANSWER_NAMES[answer]), len(who), self._say("、").join(who))
            for answer in ANSWER_NAMES
            if (
                who := [
                    self._names.agent(one.agent_id, self._language)
                    for one in run.summoned
                    if one.answer is answer
                ]
            )
        )

    def _did(self, run: PlanRun) -> list[str]:
        """Each kind of lever once: to what, and for how many teams."""
        counted = Counter((p.kind, p.wanted) for p in run.pulled)
        said = []
        for (kind, wanted), teams in sorted(counted.items()):
            if kind is LeverKind.RING:
                what = self._say("放宽到第 %(n)s 圈", n=int(wanted))
            else:
                limit = int(wanted) if wanted != NO_LIMIT else 0
                what = self._say("话后整理不超过 %(n)s 秒", n=limit)
            said.append(self._say("%(what)s（%(teams)s 个班组）", what=what, teams=teams))
        return said

    def _effect(self, run: PlanRun) -> list[tuple[str, str]]:
        """A measure, and how it went from mark to mark."""
        known = dict(run.figures)
        marks = [known[name] for name in _SHOWN_MARKS if known.get(name)]
        return [
            (
                self._say(MEASURE_NAMES[measure]),
                " → ".join(figure(measure, mark.get(measure.value)) for mark in marks),
            )
            for measure in Measure
            if _told(marks, measure)
        ]


def _told(marks: Sequence[Mapping[str, float | None]], measure: Measure) -> bool:
    return any(mark.get(measure.value) is not None for mark in marks)


def figure(measure: Measure, value: float | None) -> str:
    """As people write it: a count, minutes and seconds, or a percentage."""
    if value is None:
        return "–"
    match measure:
        case Measure.LONGEST_WAIT:
            return duration(value)
        case Measure.SERVICE_LEVEL:
            return f"{value:.0%}"
        case _:
            return f"{value:g}"
