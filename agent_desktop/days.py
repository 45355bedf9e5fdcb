"""All operators' days, kept in memory; a new city day begins with empty sheets."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from agent_desktop.core.operator_day import OperatorDay, tell
from agent_desktop.wallboard_protocol import OperatorDayOut
from kernel.clock import CITY_ZONE_NAME, Clock
from kernel.events import Event
from kernel.ids import AgentId

_ZONE = ZoneInfo(CITY_ZONE_NAME)


class OperatorDays:
    """Subscribe `hear` to the bus."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.now()
        self._date = self._city_date(self._since)
        self._days: dict[AgentId, OperatorDay] = {}

    async def hear(self, event: Event) -> None:
        agent_id = getattr(event, "agent_id", None)
        if agent_id is None:
            return
        self._turn_page()
        before = self._days.get(agent_id, OperatorDay())
        after = tell(before, event)
        if after is not before:
            self._days[agent_id] = after

    def shown(self, agent_id: AgentId) -> OperatorDayOut:
        """The day so far; zeros for an operator of whom nothing was heard."""
        self._turn_page()
        day = self._days.get(agent_id, OperatorDay())
        return OperatorDayOut(
            agent=agent_id,
            counted_since=self._since,
            first_at=day.first_at,
            calls=day.calls,
            talk_s=day.talk_s,
            wrap_up_s=day.wrap_up_s,
            declined=day.declined,
        )

    def _turn_page(self) -> None:
        now = self._clock.now()
        if self._city_date(now) == self._date:
            return
        self._date = self._city_date(now)
        self._since = now.astimezone(_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        self._days.clear()

    @staticmethod
    def _city_date(at: datetime) -> date:
        return at.astimezone(_ZONE).date()
