"""Where one department's port is filled by another's service: shapes are changed, nothing decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from acd.core.views import AgentView, Wallboard
from acd.service import Distribution
from agent_desktop import ports as desk
from agent_desktop.core.named import Named
from agent_desktop.stories import CallStories
from cti.journal import CallJournal
from directory.core.city import City
from directory.service import Directory
from ivr.core.announce import position_prompts
from ivr.ports import LineEntry
from ivr.service import Dialogue
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.telephony import Prompt
from knowledge_base.service import Knowledge
from workorders.core.case import Case, WorkOrder
from workorders.core.words import ORDER_STATE_NAMES, STATE_NAMES
from workorders.ports import CallFacts
from workorders.service import Cases

PAST_CONTACTS = 10


class LineBook:
    """Fills `ivr.ports.LineBook` from the directory's 76 lines."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def line(self, dnis: str) -> LineEntry | None:
        found = self._directory.line(dnis)
        return None if found is None else LineEntry(name=found.name, team=found.team)


class PositionAnnouncer:
    """Fills `cti.ports.WaitingAnnouncer`: the caller's place, in the caller's language."""

    def __init__(self, distribution: Distribution, dialogue: Dialogue) -> None:
        self._distribution = distribution
        self._dialogue = dialogue

    def announce(self, call_id: CallId) -> tuple[Prompt, ...]:
        position = self._distribution.position(call_id)
        if position is None:
            return ()
        language = self._dialogue.language(call_id) or Language.MANDARIN
        return position_prompts(position, language)


class Floor:
    """Fills `agent_desktop.ports.Floor` and `FiguresSource` from the distribution."""

    def __init__(self, distribution: Distribution) -> None:
        self._acd = distribution

    async def log_in(self, agent_id: AgentId, booth_id: BoothId, endpoint: Endpoint) -> None:
        await self._acd.log_in(agent_id, booth_id, endpoint)

    async def log_out(self, agent_id: AgentId) -> None:
        await self._acd.log_out(agent_id)

    async def ready(self, agent_id: AgentId) -> None:
        await self._acd.ready(agent_id)

    async def not_ready(self, agent_id: AgentId, reason: str) -> None:
        await self._acd.not_ready(agent_id, reason)

    async def decline(self, agent_id: AgentId, offer_id: OfferId) -> None:
        await self._acd.decline(agent_id, offer_id)

    async def release(self, agent_id: AgentId) -> None:
        await self._acd.release(agent_id)

    async def finish_wrap_up(self, agent_id: AgentId, disposition: str) -> None:
        await self._acd.finish_wrap_up(agent_id, disposition)

    async def transfer_to_team(self, agent_id: AgentId, team: TeamId) -> None:
        await self._acd.transfer_to_team(agent_id, team)

    async def transfer_to_agent(self, agent_id: AgentId, target: AgentId) -> None:
        await self._acd.transfer_to_agent(agent_id, target)

    async def consult(self, agent_id: AgentId, target: AgentId) -> None:
        await self._acd.consult(agent_id, target)

    async def complete_consult(self, agent_id: AgentId) -> None:
        await self._acd.complete_consult(agent_id)

    async def cancel_consult(self, agent_id: AgentId) -> None:
        await self._acd.cancel_consult(agent_id)

    async def connection_lost(self, agent_id: AgentId) -> None:
        await self._acd.connection_lost(agent_id)

    async def connection_back(self, agent_id: AgentId) -> None:
        await self._acd.connection_back(agent_id)

    def situation(self, agent_id: AgentId) -> desk.AgentSituation:
        return situation(self._acd.agent_view(agent_id))

    def watch(
        self, agent_id: AgentId, callback: Callable[[desk.AgentSituation], None]
    ) -> Callable[[], None]:
        return self._acd.watch_agent(agent_id, lambda view: callback(situation(view)))


class Figures:
    """Fills `agent_desktop.ports.FiguresSource` from the distribution."""

    def __init__(self, distribution: Distribution) -> None:
        self._acd = distribution

    def figures(self) -> desk.FloorFigures:
        return figures(self._acd.wallboard())

    def watch(self, callback: Callable[[desk.FloorFigures], None]) -> Callable[[], None]:
        return self._acd.watch_wallboard(lambda board: callback(figures(board)))


def situation(view: AgentView) -> desk.AgentSituation:
    consultation = view.consultation
    return desk.AgentSituation(
        status=view.status,
        reason=view.reason,
        status_since=view.status_since,
        activity=view.activity,
        activity_since=view.activity_since,
        deadline=view.deadline,
        booth_id=view.booth_id,
        endpoint=view.endpoint,
        phone_reachable=view.phone_reachable,
        call_id=view.call_id,
        offer_id=view.offer_id,
        team=view.team,
        on_hold=view.on_hold,
        consultation=(
            desk.ConsultationView(agent_id=consultation.agent_id, phase=consultation.phase)
            if consultation
            else None
        ),
        line_up=view.line_up,
    )


def figures(board: Wallboard) -> desk.FloorFigures:
    return desk.FloorFigures(
        at=board.at,
        line_up=board.line_up,
        teams=tuple(
            desk.TeamFigures(
                team=row.team,
                waiting=row.waiting,
                longest_since=row.longest_since,
                entered=row.entered,
                answered=row.answered,
                abandoned=row.abandoned,
                service_rate=row.service_level_day.abandons_negative,
                connect_rate=row.connect_rate,
            )
            for row in board.teams
        ),
        booths=tuple(
            desk.OccupiedBooth(
                booth_id=row.booth_id,
                agent_id=row.agent_id,
                state=row.state,
                reason=row.reason,
                since=row.since,
                team=row.team,
                phone_reachable=row.phone_reachable,
            )
            for row in board.booths
        ),
    )


class People:
    """Fills `agent_desktop.ports.People` from the directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def operator(self, agent_id: AgentId) -> desk.Operator | None:
        found = self._directory.agent(agent_id)
        if found is None:
            return None
        best_first = sorted(found.skills, key=lambda team: (-found.skills[team], team))
        return desk.Operator(agent_id=agent_id, name=found.name, teams=tuple(best_first))

    def teams(self) -> Sequence[Named]:
        return [Named(t.team_id, t.short, t.short_en) for t in self._directory.teams()]

    def booths(self) -> Sequence[BoothId]:
        return [b.booth_id for b in self._directory.booths()]


class Phones:
    """Fills `agent_desktop.ports.Phones`: browsers' phones and their passwords."""

    REALM = "hotline"

    def __init__(self, websocket_url: str, secrets: dict[str, str]) -> None:
        self._websocket_url = websocket_url
        self._secrets = secrets

    def access(self, endpoint: str) -> desk.PhoneAccess:
        secret = self._secrets.get(endpoint)
        if secret is None or endpoint.startswith("desk"):
            raise NotFound("该话机不能在浏览器中使用")
        return desk.PhoneAccess(
            websocket_url=self._websocket_url,
            endpoint=endpoint,
            password=secret,
            realm=self.REALM,
        )


class CallerRecords:
    """Fills `agent_desktop.ports.CallerRecords` from the cases and the call journal."""

    def __init__(
        self, cases: Cases, journal: CallJournal, directory: Directory, clock: Clock
    ) -> None:
        self._cases = cases
        self._journal = journal
        self._directory = directory
        self._clock = clock

    async def past(self, ani: str, *, except_call: CallId) -> desk.CallerPast:
        calls = await self._journal.contacts(ani, PAST_CONTACTS + 1)
        history = await self._cases.history(ani)
        latest = history.last_open_text
        now = self._clock.now()
        titles = {c.number: c.title for c in history.cases}
        return desk.CallerPast(
            contacts=tuple(
                desk.PastContact(
                    call_id=c.call_id,
                    at=c.arrived_at,
                    team=c.team,
                    agent_name=self._name(c.agent_id),
                    outcome=c.outcome or "",
                )
                for c in calls
                if c.call_id != except_call
            )[:PAST_CONTACTS],
            cases=tuple(self._case(c) for c in history.cases),
            open_orders=tuple(self._order(o, titles, now) for o in history.open_orders),
            last_district=latest.content.district if latest else None,
            last_address=latest.content.address if latest else None,
        )

    def _name(self, agent_id: AgentId | None) -> str | None:
        found = self._directory.agent(agent_id) if agent_id else None
        return found.name if found else agent_id

    def _case(self, case: Case) -> desk.PastCase:
        category = self._cases.reference.tree.find(case.content.category)
        return desk.PastCase(
            number=case.number,
            at=case.filed_at,
            title=case.title,
            category=category.zh if category else case.content.category,
            status=STATE_NAMES[case.state],
        )

    def _order(self, order: WorkOrder, titles: dict[str, str], now: datetime) -> desk.OpenOrder:
        authority = self._directory.authority(order.authority)
        return desk.OpenOrder(
            number=order.number,
            case_number=order.case_number,
            title=titles.get(order.case_number, ""),
            authority=authority.name if authority else order.authority,
            status=ORDER_STATE_NAMES[order.state],
            due_at=order.due.due_at,
            overdue=now > order.due.due_at,
        )


class CallBook:
    """Fills `workorders.ports.CallBook`: the live story first, the journal second."""

    def __init__(self, stories: CallStories, journal: CallJournal) -> None:
        self._stories = stories
        self._journal = journal

    async def call(self, call_id: CallId) -> CallFacts | None:
        story = self._stories.story(call_id)
        if story is not None and story.answered_by is not None:
            return CallFacts(call_id, story.ani, story.team, story.language, story.answered_by)
        record = await self._journal.record(call_id)
        if record is None:
            return None
        return CallFacts(call_id, record.ani, record.team, record.language, record.agent_id)


class ArticleBook:
    """Fills `workorders.ports.ArticleBook` from the knowledge base."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    async def title(self, article_id: str) -> str | None:
        try:
            return (await self._knowledge.article(article_id)).content.title
        except NotFound:
            return None


def team_names_of(city: Directory | City) -> dict[str, dict[str, str]]:
    """Screen language -> team id -> short name."""
    teams = city.teams() if isinstance(city, Directory) else city.teams
    return {
        "zh": {t.team_id: t.short for t in teams},
        "en": {t.team_id: t.short_en for t in teams},
    }
