"""To whom a call may be transferred: the five teams, and operators by name, number or booth."""

from __future__ import annotations

from agent_desktop.ports import FiguresSource, People
from agent_desktop.protocol import Part
from kernel.ids import AgentId

LIMIT = 20


class TeamTarget(Part):
    team: str
    waiting: int
    ready: int


class OperatorTarget(Part):
    """`state` as on the wallboard; a ready operator can answer at once."""

    agent: str
    name: str
    name_en: str
    booth: str
    state: str
    teams: tuple[str, ...]


class Targets(Part):
    teams: tuple[TeamTarget, ...]
    operators: tuple[OperatorTarget, ...]


class FreeBooths(Part):
    booths: tuple[str, ...]


class TargetFinder:
    """Reads the floor's figures; asks nobody outside memory."""

    def __init__(self, figures: FiguresSource, people: People) -> None:
        self._figures = figures
        self._people = people

    def find(self, me: AgentId, query: str) -> Targets:
        """Teams all; operators at work that match, ready ones first, then by booth; at most 20."""
        figures = self._figures.figures()
        names = {team.code: team for team in self._people.teams()}
        wanted = query.strip().lower()
        found: list[OperatorTarget] = []
        ready: dict[str, int] = {}
        for booth in figures.booths:
            person = self._people.operator(booth.agent_id)
            if person is None:
                continue
            if booth.state == "ready":
                for team in person.teams:
                    ready[team] = ready.get(team, 0) + 1
            own = [names[t] for t in person.teams if t in names]
            words = " ".join(
                (
                    person.name,
                    person.name_en,
                    person.agent_id,
                    booth.booth_id,
                    *(f"{t.zh} {t.en}" for t in own),
                )
            )
            if booth.agent_id != me and wanted in words.lower():
                found.append(
                    OperatorTarget(
                        agent=booth.agent_id,
                        name=person.name,
                        name_en=person.name_en,
                        booth=booth.booth_id,
                        state=booth.state,
                        teams=person.teams,
                    )
                )
        found.sort(key=lambda o: (o.state != "ready", o.booth))
        teams_found = tuple(
            TeamTarget(team=t.team, waiting=t.waiting, ready=ready.get(t.team, 0))
            for t in figures.teams
        )
        return Targets(teams=teams_found, operators=tuple(found[:LIMIT]))

    def free_booths(self) -> FreeBooths:
        taken = {booth.booth_id for booth in self._figures.figures().booths}
        return FreeBooths(booths=tuple(b for b in self._people.booths() if b not in taken))
