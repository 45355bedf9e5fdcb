"""How the demo city's booths, operators and administrators are made: the same each time.

Theory of operation: nothing is drawn by chance. Where a part of the people is to be chosen (who
speaks Cantonese, who serves a second team), everybody is ranked by a hash of topic and work
number and the first ones are taken, so that the count is exact and no pattern shows.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from types import MappingProxyType

from directory.core.city import Administrator, Booth, Operator
from kernel.ids import AgentId, BoothId, TeamId
from kernel.language import Language
from kernel.policy import Role

TOP_LEVEL = 10


@dataclass(frozen=True, slots=True)
class TeamShare:
    """The part (0..1) of the operators whose primary team this is, and whom else they may serve."""

    team: TeamId
    share: float
    secondary: tuple[TeamId, ...]


@dataclass(frozen=True, slots=True)
class BoothLayout:
    """Floors times rows times seats give the booths, numbered in that order from 001."""

    floors: tuple[int, ...]
    rows: str
    seats: int


@dataclass(frozen=True, slots=True)
class LanguageRule:
    language: Language
    fraction: float
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OperatorRules:
    """See `config/roster.yaml`, which explains each value."""

    count: int
    primary_levels: tuple[int, ...]
    one_secondary_fraction: float
    two_secondary_fraction: float
    secondary_steps: tuple[int, ...]
    languages: tuple[LanguageRule, ...]


@dataclass(frozen=True, slots=True)
class AdministratorGroup:
    count: int
    roles: frozenset[Role]
    title: str
    title_en: str


@dataclass(frozen=True, slots=True, order=True)
class NamePart:
    """A surname or a given name; `weight` counts for surnames only."""

    zh: str
    en: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class NameBook:
    surnames: tuple[NamePart, ...]
    given: tuple[NamePart, ...]


def people(names: NameBook) -> Iterator[tuple[str, str]]:
    """Endless pairs of Chinese name and pinyin; no pair repeats before a surname has gone through
    all given names."""
    # Ranked by hash, so that neighbours in the list seldom share a surname.
    ranked = sorted(
        (_number(f"surname:{part.zh}:{copy}"), part)
        for part in names.surnames
        for copy in range(part.weight)
    )
    slots = [part for _, part in ranked]
    met: Counter[str] = Counter()
    index = 0
    while True:
        surname = slots[index % len(slots)]
        start = _number(f"given:{surname.zh}")
        given = names.given[(start + met[surname.zh]) % len(names.given)]
        met[surname.zh] += 1
        index += 1
        yield surname.zh + given.zh, f"{given.en} {surname.en}"


def make_booths(layout: BoothLayout) -> tuple[Booth, ...]:
    places = (
        (storey, row, seat)
        for storey in layout.floors
        for row in layout.rows
        for seat in range(1, layout.seats + 1)
    )
    return tuple(
        Booth(BoothId(f"{number:03}"), storey, row, seat)
        for number, (storey, row, seat) in enumerate(places, 1)
    )


def make_operators(
    rules: OperatorRules, shares: Sequence[TeamShare], names: Iterator[tuple[str, str]]
) -> tuple[Operator, ...]:
    """Operators `op0001`, `op0002`, ...; teams are mixed: the first dozen knows all five."""
    ids = [AgentId(f"op{number:04}") for number in range(1, rules.count + 1)]
    teams = deal_out([(s.team, s.share) for s in shares], rules.count)
    secondary = {s.team: s.secondary for s in shares}
    spread = _chosen("secondary", ids, rules.one_secondary_fraction + rules.two_secondary_fraction)
    wide = _chosen("secondary", ids, rules.two_secondary_fraction)
    speakers = [(rule, _chosen(rule.language, ids, rule.fraction)) for rule in rules.languages]
    turn: Counter[TeamId] = Counter()
    made = []
    for agent_id, team in zip(ids, teams, strict=True):
        level = rules.primary_levels[turn[team] % len(rules.primary_levels)]
        turn[team] += 1
        wanted = 2 if agent_id in wide else 1 if agent_id in spread else 0
        others = _turned(secondary[team], turn[team])[:wanted]
        skills = {team: level, **_secondary_levels(others, level, rules.secondary_steps)}
        languages = {Language.MANDARIN: TOP_LEVEL}
        for rule, who in speakers:
            if agent_id in who:
                rank = _number(f"level:{rule.language}:{agent_id}")
                languages[rule.language] = rule.levels[rank % len(rule.levels)]
        name, name_en = next(names)
        made.append(_operator(agent_id, name, name_en, team, skills, languages))
    return tuple(made)


def _operator(
    agent_id: AgentId,
    name: str,
    name_en: str,
    team: TeamId,
    skills: Mapping[TeamId, int],
    languages: Mapping[Language, int],
) -> Operator:
    return Operator(
        agent_id, name, name_en, team, MappingProxyType(skills), MappingProxyType(languages)
    )


def make_administrators(
    groups: Sequence[AdministratorGroup], names: Iterator[tuple[str, str]]
) -> tuple[Administrator, ...]:
    """Administrators `ad01`, `ad02`, ... in the order of the groups."""
    made: list[Administrator] = []
    for group in groups:
        for _ in range(group.count):
            name, name_en = next(names)
            made.append(
                Administrator(
                    f"ad{len(made) + 1:02}", name, name_en, group.title, group.title_en, group.roles
                )
            )
    return tuple(made)


def apportion(shares: Sequence[tuple[TeamId, float]], count: int) -> dict[TeamId, int]:
    """Whole numbers that add up to `count` (largest remainder, ties by id)."""
    exact = {team: share * count for team, share in shares}
    whole = {team: floor(value + 1e-9) for team, value in exact.items()}
    rest = count - sum(whole.values())
    for team in sorted(exact, key=lambda t: (whole[t] - exact[t], t))[:rest]:
        whole[team] += 1
    return whole


def deal_out(shares: Sequence[tuple[TeamId, float]], count: int) -> list[TeamId]:
    """The team of each person in turn: always the team that is furthest behind its share."""
    due = apportion(shares, count)
    given: Counter[TeamId] = Counter()
    order = []
    for position in range(1, count + 1):
        behind = [team for team in due if given[team] < due[team]]
        team = max(behind, key=lambda t: (due[t] * position / count - given[t], t))
        given[team] += 1
        order.append(team)
    return order


def _secondary_levels(
    teams: Sequence[TeamId], primary_level: int, steps: Sequence[int]
) -> dict[TeamId, int]:
    return {
        team: max(1, primary_level - steps[min(place, len(steps) - 1)])
        for place, team in enumerate(teams)
    }


def _turned(teams: tuple[TeamId, ...], turn: int) -> tuple[TeamId, ...]:
    """The same teams begun at another place, so that not everybody serves the same second team;
    two turns of three begin with the most usual one."""
    start = 0 if turn % 3 else turn // 3 % len(teams)
    return teams[start:] + teams[:start]


def _chosen(topic: str, ids: Sequence[AgentId], fraction: float) -> frozenset[AgentId]:
    ranked = sorted(ids, key=lambda i: _number(f"{topic}:{i}"))
    return frozenset(ranked[: round(fraction * len(ids))])


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
