"""The city as values: teams, districts, authorities, lines, booths, operators, administrators.

`name` and `short` are Chinese, `name_en` and `short_en` English; `named` and `shortly` choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kernel.ids import AgentId, AuthorityId, BoothId, TeamId
from kernel.language import Language, ScreenLanguage
from kernel.policy import Role


@dataclass(frozen=True, slots=True)
class Team:
    """One of the five reception teams. `order` 1..5 is its place on screens and its menu key."""

    team_id: TeamId
    order: int
    name: str
    short: str
    name_en: str
    short_en: str

    def named(self, language: ScreenLanguage | str) -> str:
        return self.name_en if language == ScreenLanguage.ENGLISH else self.name

    def shortly(self, language: ScreenLanguage | str) -> str:
        return self.short_en if language == ScreenLanguage.ENGLISH else self.short


@dataclass(frozen=True, slots=True)
class District:
    """`code` is the division code of GB/T 2260, e.g. 440106."""

    district_id: str
    code: str
    order: int
    name: str
    name_en: str

    def named(self, language: ScreenLanguage | str) -> str:
        return self.name_en if language == ScreenLanguage.ENGLISH else self.name


class AuthorityKind(StrEnum):
    DISTRICT = "district"  # 区政府
    DEPARTMENT = "department"  # 市直部门
    ENTERPRISE = "enterprise"  # 公共服务企业
    INSTITUTION = "institution"  # 事业单位
    CENTRAL_BRANCH = "central_branch"  # 中央驻穗单位
    ORGANISATION = "organisation"  # 人民团体


@dataclass(frozen=True, slots=True)
class Authority:
    """A body that receives work orders. `code` is unique for ever, `former_en` the seed's name;
    `district` is set for district governments only."""

    authority_id: AuthorityId
    code: str
    kind: AuthorityKind
    district: str | None
    name: str
    short: str
    name_en: str
    former_en: str | None = None

    def named(self, language: ScreenLanguage | str) -> str:
        return self.name_en if language == ScreenLanguage.ENGLISH else self.name

    def shortly(self, language: ScreenLanguage | str) -> str:
        return self.name_en if language == ScreenLanguage.ENGLISH else self.short


@dataclass(frozen=True, slots=True)
class Line:
    """An old special line, now answered by `team`; `demo` marks an invented number."""

    number: str
    team: TeamId
    authority: AuthorityId
    name: str
    name_en: str
    demo: bool

    def named(self, language: ScreenLanguage | str) -> str:
        return self.name_en if language == ScreenLanguage.ENGLISH else self.name


@dataclass(frozen=True, slots=True)
class Booth:
    """A place: floor, row letter and seat number, written `8F-A-01`."""

    booth_id: BoothId
    floor: int
    row: str
    seat: int

    @property
    def place(self) -> str:
        return f"{self.floor}F-{self.row}-{self.seat:02}"


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who answers calls. Levels run from 1 to 10, higher is better; `skills` holds the
    primary team and the secondary ones, `languages` always Mandarin."""

    agent_id: AgentId
    name: str
    name_en: str
    primary_team: TeamId
    skills: Mapping[TeamId, int]
    languages: Mapping[Language, int]

    def named(self, language: ScreenLanguage | str) -> str:
        return self.name_en if language == ScreenLanguage.ENGLISH else self.name


@dataclass(frozen=True, slots=True)
class Administrator:
    """A person of the centre. `account` is `ad01` .. `ad34`."""

    account: str
    name: str
    name_en: str
    title: str
    title_en: str
    roles: frozenset[Role]

    def named(self, language: ScreenLanguage | str) -> str:
        return self.name_en if language == ScreenLanguage.ENGLISH else self.name


@dataclass(frozen=True, slots=True)
class City:
    """Everything the directory knows, each tuple in its order of display."""

    teams: tuple[Team, ...] = ()
    districts: tuple[District, ...] = ()
    authorities: tuple[Authority, ...] = ()
    lines: tuple[Line, ...] = ()
    booths: tuple[Booth, ...] = ()
    operators: tuple[Operator, ...] = ()
    administrators: tuple[Administrator, ...] = ()
