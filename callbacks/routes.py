"""Pages `/callbacks` and `/callbacks/{task_id}`: whom a person is to call, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from callbacks.core.task import CHOSEN, UNDO_WITHIN, Act, Entry, Kind, State, Task
from callbacks.core.words import ACT_NAMES, KIND_NAMES, LINE_STATES, RESULT_NAMES, STATE_NAMES
from callbacks.ports import Messages, Spoken, TaskFilter, WaitingCallback
from callbacks.service import DutyCallbacks, Person
from kernel.clock import Clock
from kernel.errors import BadInput, Conflict, InvalidTransition, NotFound
from kernel.ids import AgentId, CallbackId, CallId, TeamId
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from kernel.phone import clean, mask
from kernel.policy import Action, Principal, Role, allows

PAGE_SIZE = 50
IN_LINE_SHOWN = 20
FIRST_WORDS = 24
"""So many characters of a message stand in the list."""
VIEWS: Mapping[str, tuple[State, ...]] = {
    "todo": (State.OPEN, State.CLAIMED),
    "open": (State.OPEN,),
    "mine": (State.CLAIMED,),
    "closed": (State.CLOSED,),
    "all": (),
}
VIEW_NAMES = {
    "todo": "未办结",
    "open": "待人工回拨",
    "mine": "我领取的",
    "closed": "已办结",
    "all": "全部",
}
Names = Mapping[ScreenLanguage, Mapping[str, str]]
PersonName = Callable[[AgentId, ScreenLanguage], str]
Asked = Annotated[str, Query(max_length=64)]
FormText = Annotated[str, Form(max_length=2000)]


def build_router(
    kit: WebKit,
    duty: DutyCallbacks,
    messages: Messages,
    team_names: Names,
    person_name: PersonName,
    clock: Clock,
) -> APIRouter:
    """The list and one task for all who may see them; what changes a task for those who handle
    them; cancelling a callback of the line for supervisors."""
    pages = _Pages(kit, duty, messages, team_names, person_name, clock)
    router = APIRouter()
    for part in (_read(kit, pages), _handle(kit, pages, duty), _cancel(kit, pages, duty)):
        router.include_router(part)
    return router


def _read(kit: WebKit, pages: _Pages) -> APIRouter:
    router = kit.router(action=Action.SEE_CALLBACKS)

    @router.get("/callbacks")
    async def listing(
        request: Request,
        view: Asked = "todo",
        kind: Asked = "",
        team: Asked = "",
        number: Asked = "",
        cursor: Annotated[str, Query(max_length=400)] = "",
    ) -> Response:
        said = {"view": view, "kind": kind, "team": team, "number": number}
        return await pages.listing(request, said, cursor)

    @router.get("/callbacks/{task_id}")
    async def one(request: Request, task_id: str) -> Response:
        return await pages.one(request, task_id)

    return router


def _handle(kit: WebKit, pages: _Pages, duty: DutyCallbacks) -> APIRouter:
    router = kit.router(action=Action.HANDLE_CALLBACKS)

    @router.post("/callbacks/{task_id}/claim")
    async def claim(request: Request, task_id: str) -> Response:
        return await pages.done(request, task_id, lambda p: duty.claim(task_id, p))

    @router.post("/callbacks/{task_id}/release")
    async def release(request: Request, task_id: str) -> Response:
        return await pages.done(request, task_id, lambda p: duty.release(task_id, p))

    @router.post("/callbacks/{task_id}/attempt")
    async def attempt(request: Request, task_id: str, note: FormText = "") -> Response:
        return await pages.done(
            request, task_id, lambda p: duty.attempt(task_id, p, note), {"note": note}
        )

    @router.post("/callbacks/{task_id}/close")
    async def close(
        request: Request, task_id: str, result: FormText = "", note: FormText = ""
    ) -> Response:
        return await pages.done(
            request,
            task_id,
            lambda p: duty.close(task_id, p, result, note),
            {"result": result, "note": note},
        )

    @router.post("/callbacks/{task_id}/undo")
    async def undo(request: Request, task_id: str) -> Response:
        return await pages.done(request, task_id, lambda p: duty.undo(task_id, p))

    return router


def _cancel(kit: WebKit, pages: _Pages, duty: DutyCallbacks) -> APIRouter:
    router = kit.router(action=Action.CANCEL_CALLBACK)

    @router.post("/callbacks/line/{callback_id}/cancel")
    async def cancel(request: Request, callback_id: str) -> Response:
        person = _person(await kit.principal(request))
        try:
            await duty.cancel(CallbackId(callback_id), person)
        except (NotFound, Conflict) as error:
            return await pages.listing(request, {"view": "todo"}, "", error.message)
        return RedirectResponse("/callbacks", 303)

    return router


class _Pages:
    """The pages as this person may see them."""

    def __init__(
        self,
        kit: WebKit,
        duty: DutyCallbacks,
        messages: Messages,
        team_names: Names,
        person_name: PersonName,
        clock: Clock,
    ) -> None:
        self._kit = kit
        self._duty = duty
        self._messages = messages
        self._team_names = team_names
        self._person_name = person_name
        self._clock = clock

    async def listing(
        self, request: Request, said: Mapping[str, str], cursor: str, refused: str = ""
    ) -> Response:
        """The tasks, and before them who is to be called back by the line itself."""
        principal = await self._kit.principal(request)
        language = await self._kit.language(request)
        names, error = self._team_names[language], ""
        rows: Sequence[Task] = ()
        next_cursor = None
        try:
            wanted = _wanted(said, principal)
            page = await self._duty.search(wanted, cursor or None, PAGE_SIZE)
            rows, next_cursor = page.rows, page.next_cursor
        except BadInput as fault:
            error = fault.message
        waiting = self._duty.in_line() if not cursor else ()
        begun = await self._beginnings(rows, principal)
        kept = {name: value for name, value in said.items() if value}
        return await self._kit.page(
            request,
            "callbacks/list.html",
            status=422 if error else 409 if refused else 200,
            rows=[
                {
                    **self._task(task, principal, language),
                    **_first_words(begun.get(task.last_call_id)),
                }
                for task in rows
            ],
            next_cursor=next_cursor,
            said={"view": "todo", "kind": "", "team": "", "number": "", **said},
            query=urlencode(kept),
            error=error or refused,
            waiting=[self._waiting(c, principal, language) for c in waiting[:IN_LINE_SHOWN]],
            waiting_count=len(waiting),
            unfinished=await self._duty.unfinished(),
            views=VIEW_NAMES,
            kinds=KIND_NAMES,
            team_names=names,
        )

    async def one(
        self,
        request: Request,
        task_id: str,
        typed: Mapping[str, str] | None = None,
        error: BadInput | Conflict | InvalidTransition | None = None,
    ) -> Response:
        """One task with its calls and its course."""
        principal = await self._kit.principal(request)
        language = await self._kit.language(request)
        task = await self._duty.task(task_id)
        now = self._clock.now()
        said = None
        if task.kind is Kind.MESSAGE and allows(principal, Action.LISTEN_RECORDING):
            said = await self._messages.text(principal.account, task)
        may = allows(principal, Action.HANDLE_CALLBACKS)
        own = task.claimed_by == principal.account
        status = 200 if error is None else 422 if isinstance(error, BadInput) else 409
        return await self._kit.page(
            request,
            "callbacks/task.html",
            status=status,
            task=self._task(task, principal, language),
            said=said,
            calls=await self._duty.calls(task_id),
            course=[self._entry(e, language) for e in await self._duty.course(task_id)],
            results=[(r.value, RESULT_NAMES[r]) for r in CHOSEN],
            typed=typed or {},
            error=error.message if error else "",
            field=getattr(error, "field", None) or "",
            team_names=self._team_names[language],
            may_claim=may and task.state is State.OPEN,
            may_work=may and task.state is State.CLAIMED and own,
            may_release=may and task.state is State.CLAIMED and (own or _supervises(principal)),
            may_undo=may
            and task.state is State.CLOSED
            and (task.closed_by == principal.account or _supervises(principal))
            and task.closed_at is not None
            and now - task.closed_at <= UNDO_WITHIN,
        )

    async def done(
        self,
        request: Request,
        task_id: str,
        act: Callable[[Person], Awaitable[Task]],
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        """Act, then show the task; what was refused is told on the page, with what was typed."""
        person = _person(await self._kit.principal(request))
        try:
            await act(person)
        except (BadInput, Conflict, InvalidTransition) as error:
            return await self.one(request, task_id, typed, error)
        return RedirectResponse(f"/callbacks/{task_id}", 303)

    # --- words ---------------------------------------------------------------------------------

    async def _beginnings(
        self, rows: Sequence[Task], principal: Principal
    ) -> Mapping[CallId, Spoken]:
        """How the messages among these begin, for whoever may listen to them."""
        calls = [task.last_call_id for task in rows if task.kind is Kind.MESSAGE]
        if not calls or not allows(principal, Action.LISTEN_RECORDING):
            return {}
        return await self._messages.beginnings(principal.account, calls)

    def _task(self, task: Task, principal: Principal, language: ScreenLanguage) -> dict[str, Any]:
        own = task.state is State.CLAIMED and task.claimed_by == principal.account
        whole = own or allows(principal, Action.SEE_FULL_NUMBER)
        late = task.overdue(self._clock.now())
        return {
            "task_id": task.task_id,
            "kind": KIND_NAMES[task.kind],
            "number": task.number if whole else mask(task.number),
            "whole": whole,
            "team": task.team,
            "state": STATE_NAMES[task.state],
            "badge": {State.OPEN: "warn", State.CLAIMED: "info", State.CLOSED: "neutral"}[
                task.state
            ],
            "is_open": task.state is State.OPEN,
            "is_message": task.kind is Kind.MESSAGE,
            "is_dissatisfied": task.kind is Kind.DISSATISFIED,
            "about": self._name(task.about, language),
            "overdue": late,
            "created_at": task.created_at,
            "due_at": task.due_at,
            "calls": task.calls,
            "last_call_id": task.last_call_id,
            "attempts": task.attempts,
            "claimed_by": self._name(task.claimed_by, language),
            "closed_by": self._name(task.closed_by, language),
            "closed_at": task.closed_at,
            "result": RESULT_NAMES[task.result] if task.result else "",
        }

    def _entry(self, entry: Entry, language: ScreenLanguage) -> dict[str, Any]:
        return {
            "at": entry.at,
            "title": ACT_NAMES[entry.act],
            "who": self._name(entry.who, language) if entry.who != "-" else "",
            "result": RESULT_NAMES[entry.result] if entry.act is Act.CLOSE and entry.result else "",
            "note": entry.note,
            "call_id": entry.call_id,
        }

    def _waiting(
        self, callback: WaitingCallback, principal: Principal, language: ScreenLanguage
    ) -> dict[str, Any]:
        whole = allows(principal, Action.SEE_FULL_NUMBER)
        return {
            "callback_id": callback.callback_id,
            "call_id": callback.call_id,
            "number": callback.number if whole else mask(callback.number),
            "team": callback.team,
            "state": LINE_STATES.get(callback.state, callback.state),
            "badge": "info" if callback.state in ("dialling", "arriving") else "neutral",
            "position": callback.position,
            "first_arrival_at": callback.first_arrival_at,
            "attempts": callback.attempts,
            "agent": self._name(callback.agent_id, language),
            "again_at": callback.again_at,
            "cancellable": callback.state != "arriving",
        }

    def _name(self, account: str | None, language: ScreenLanguage) -> str:
        return self._person_name(AgentId(account), language) if account else ""


def _first_words(said: Spoken | None) -> dict[str, Any]:
    if said is None:
        return {"first_words": "", "doubtful": False}
    cut = said.text if len(said.text) <= FIRST_WORDS else f"{said.text[:FIRST_WORDS]}…"
    return {"first_words": cut, "doubtful": said.doubtful}


def _wanted(said: Mapping[str, str], principal: Principal) -> TaskFilter:
    """Raises BadInput for a view or a kind that there is not."""
    view, kind = said.get("view") or "todo", said.get("kind") or ""
    if view not in VIEWS or (kind and kind not in {k.value for k in Kind}):
        raise BadInput("没有这个筛选条件", "view")
    number = clean(said.get("number") or "")
    if said.get("number") and number.anonymous:
        raise BadInput("请输入电话号码", "number")
    return TaskFilter(
        states=VIEWS[view],
        kind=Kind(kind) if kind else None,
        team=TeamId(said["team"]) if said.get("team") else None,
        number=number.digits or None,
        claimed_by=principal.account if view == "mine" else None,
    )


def _person(principal: Principal) -> Person:
    return Person(principal.account, supervisor=_supervises(principal))


def _supervises(principal: Principal) -> bool:
    return Role.SUPERVISOR in principal.roles
