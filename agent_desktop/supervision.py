"""What a supervisor orders from the wallboard: allowed, recorded, then done.

The record is written before the order is given, so that no order goes unrecorded; whether it was
done is told by the distribution's own event.
"""

from __future__ import annotations

from agent_desktop.ports import Floor, People
from kernel.audit import AuditTrail
from kernel.errors import BadInput, NotFound
from kernel.ids import AgentId
from kernel.policy import Action, Principal, demand

REASON_LIMIT = 200


class Supervision:
    """Orders for operators other than oneself."""

    def __init__(self, *, floor: Floor, people: People, audit: AuditTrail) -> None:
        self._floor = floor
        self._people = people
        self._audit = audit

    async def force(self, by: Principal, agent_id: AgentId, state: str, reason: str) -> None:
        """Order `state` (ready, not_ready, logged_out), now or after the call in hand.

        Raises:
            NotAllowed: the person may not.
            NotFound: there is no such operator, or he or she is not logged in.
            BadInput: the reason is missing or too long.
            Conflict: nobody sits at the desktop who could be ready.
            Unavailable: the order could not be recorded; it was not given.
        """
        reason = self._checked(by, agent_id, reason)
        await self._audit.record(
            who=by.account,
            action="agent_state_ordered",
            object_id=agent_id,
            detail={"state": state, "reason": reason},
        )
        await self._floor.force(agent_id, state, reason, by.account)

    async def free(self, by: Principal, agent_id: AgentId, reason: str) -> None:
        """End the contradiction between an operator's state and phone; a caller in it goes back to
        the line, at the old place.

        Raises as `force` does; Conflict when state and phone agree.
        """
        reason = self._checked(by, agent_id, reason)
        await self._audit.record(
            who=by.account, action="agent_freed", object_id=agent_id, detail={"reason": reason}
        )
        await self._floor.free(agent_id, reason, by.account)

    def _checked(self, by: Principal, agent_id: AgentId, reason: str) -> str:
        """The reason without blanks around it. Raises NotAllowed, NotFound or BadInput."""
        demand(by, Action.FORCE_AGENT_STATE)
        if self._people.operator(agent_id) is None:
            raise NotFound("没有这位话务员")
        reason = reason.strip()
        if not reason:
            raise BadInput("请填写原因", "reason")
        if len(reason) > REASON_LIMIT:
            raise BadInput("内容过长", "reason")
        return reason
