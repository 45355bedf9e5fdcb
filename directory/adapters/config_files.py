"""The reviewed data of the city under `config/`, checked as it is read.

Raises ConfigurationError with file and line for a missing, misspelt or wrong field, a key used
twice, or a reference to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from directory.adapters.yaml_items import Item, read
from directory.core.city import Authority, AuthorityKind, City, District, Line, Team
from directory.core.roster_rules import (
    TOP_LEVEL,
    AdministratorGroup,
    BoothLayout,
    LanguageRule,
    NameBook,
    NamePart,
    OperatorRules,
    TeamShare,
    make_administrators,
    make_booths,
    make_operators,
    people,
)
from kernel.ids import AuthorityId, TeamId
from kernel.language import Language
from kernel.policy import Role

_ID = re.compile(r"[a-z][a-z0-9-]{1,39}")
_NUMBER = re.compile(r"\d{5}|\d{8}")
# They stay with those who answer at once or by law: emergencies, tax, and the hotline itself.
NOT_INTEGRATED = frozenset({"110", "119", "120", "122", "12395", "12366", "12345"})


def load_city(folder: Path) -> City:
    """The whole city: reviewed lists, and the people and places made from the roster's rules."""
    teams, shares = load_teams(folder / "teams.yaml")
    districts = load_districts(folder / "districts.yaml")
    authorities = load_authorities(folder / "authorities.yaml", {d.district_id for d in districts})
    lines = load_lines(
        folder / "lines.yaml",
        {t.team_id for t in teams},
        {a.authority_id for a in authorities},
    )
    layout, rules, groups = load_roster(folder / "roster.yaml")
    names = people(load_names(folder / "names.yaml"))
    return City(
        teams=teams,
        districts=districts,
        authorities=authorities,
        lines=lines,
        booths=make_booths(layout),
        operators=make_operators(rules, shares, names),
        administrators=make_administrators(groups, names),
    )


class _Unique:
    """Complains at the item that repeats a value of an earlier one."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], int] = {}

    def check(self, item: Item, key: str, value: str) -> str:
        first = self._lines.setdefault((key, value), item.line)
        if first != item.line:
            item.wrong(f"`{value}` repeats line {first}", key)
        return value


def _id(item: Item, unique: _Unique) -> str:
    value = item.text("id")
    if not _ID.fullmatch(value):
        item.wrong(f"id `{value}`: lower-case letters, digits and hyphens only", "id")
    return unique.check(item, "id", value)


def _known(item: Item, key: str, value: str, known: Iterable[str]) -> str:
    if value not in set(known):
        item.wrong(f"`{value}` does not exist", key)
    return value


def load_teams(file: Path) -> tuple[tuple[Team, ...], tuple[TeamShare, ...]]:
    """The teams in their order, and how the operators are shared out among them."""
    root, unique = read(file), _Unique()
    teams, shares = [], []
    for item in root.items("teams"):
        team_id = TeamId(_id(item, unique))
        order = item.integer("order", 1, 9)
        unique.check(item, "order", str(order))
        short, short_en = item.text("short"), item.text("short_en")
        teams.append(Team(team_id, order, item.text("zh"), short, item.text("en"), short_en))
        secondary = tuple(TeamId(t) for t in item.texts("secondary"))
        shares.append(TeamShare(team_id, item.fraction("share"), secondary))
    ids = {t.team_id for t in teams}
    for share in shares:
        if not ids.issuperset(share.secondary) or share.team in share.secondary:
            root.wrong(f"secondary teams of `{share.team}` are wrong", "teams")
    if abs(sum(s.share for s in shares) - 1) > 1e-6:
        root.wrong("the shares of the teams must add up to 1", "teams")
    root.finish()
    return tuple(sorted(teams, key=lambda t: t.order)), tuple(shares)


def load_districts(file: Path) -> tuple[District, ...]:
    root, unique = read(file), _Unique()
    found = []
    for order, item in enumerate(root.items("districts"), 1):
        code = item.text("code")
        if not re.fullmatch(r"\d{6}", code):
            item.wrong("a division code has six digits", "code")
        unique.check(item, "code", code)
        district_id = _id(item, unique)
        found.append(District(district_id, code, order, item.text("zh"), item.text("en")))
    root.finish()
    return tuple(found)


def load_authorities(file: Path, districts: set[str]) -> tuple[Authority, ...]:
    root, unique = read(file), _Unique()
    found = []
    for item in root.items("authorities"):
        authority_id = AuthorityId(_id(item, unique))
        kind = item.choice("kind", AuthorityKind)
        district = item.text_or_none("district")
        if (kind is AuthorityKind.DISTRICT) != (district is not None):
            item.wrong("a district government, and no other body, names its district", "kind")
        if district is not None:
            _known(item, "district", district, districts)
        names = {key: unique.check(item, key, item.text(key)) for key in ("zh", "short", "en")}
        code = unique.check(item, "code", item.text("code"))
        former = item.text_or_none("seed")
        found.append(
            Authority(
                authority_id, code, kind, district, names["zh"], names["short"], names["en"], former
            )
        )
    root.finish()
    return tuple(found)


def load_lines(file: Path, teams: set[TeamId], authorities: set[AuthorityId]) -> tuple[Line, ...]:
    root, unique = read(file), _Unique()
    found = []
    for item in root.items("lines"):
        number = unique.check(item, "number", item.text("number"))
        if not _NUMBER.fullmatch(number):
            item.wrong("a number has five or eight digits", "number")
        if number in NOT_INTEGRATED:
            item.wrong(f"{number} is not integrated", "number")
        team = TeamId(_known(item, "team", item.text("team"), teams))
        authority = _known(item, "authority", item.text("authority"), authorities)
        name = unique.check(item, "zh", item.text("zh"))
        name_en, demo = item.text("en"), item.flag("demo")
        found.append(Line(number, team, AuthorityId(authority), name, name_en, demo))
    root.finish()
    return tuple(found)


def load_roster(
    file: Path,
) -> tuple[BoothLayout, OperatorRules, tuple[AdministratorGroup, ...]]:
    root = read(file)
    booths, operators = root.item("booths"), root.item("operators")
    layout = BoothLayout(
        booths.integers("floors", 1, 200), booths.text("rows"), booths.integer("seats", 1, 99)
    )
    if len(set(layout.rows)) != len(layout.rows):
        booths.wrong("a row appears twice", "rows")
    rules = OperatorRules(
        count=operators.integer("count", 1, 9999),
        primary_levels=operators.integers("primary_levels", 1, TOP_LEVEL),
        one_secondary_fraction=operators.fraction("one_secondary_fraction"),
        two_secondary_fraction=operators.fraction("two_secondary_fraction"),
        secondary_steps=operators.integers("secondary_steps", 0, TOP_LEVEL),
        languages=tuple(_language_rules(operators)),
    )
    groups = tuple(
        AdministratorGroup(
            item.integer("count", 1, 999),
            frozenset(item.choices("roles", Role)),
            item.text("title"),
            item.text("title_en"),
        )
        for item in root.items("administrators")
    )
    for part in (booths, operators, root):
        part.finish()
    return layout, rules, groups


def _language_rules(operators: Item) -> Iterable[LanguageRule]:
    for item in operators.items("languages"):
        levels = item.integers("levels", 1, TOP_LEVEL)
        yield LanguageRule(item.choice("id", Language), item.fraction("fraction"), levels)


def load_names(file: Path) -> NameBook:
    root, unique = read(file), _Unique()
    surnames = tuple(
        NamePart(unique.check(i, "zh", i.text("zh")), i.text("en"), i.integer("weight", 1, 100))
        for i in root.items("surnames")
    )
    unique = _Unique()
    given = tuple(
        NamePart(unique.check(i, "zh", i.text("zh")), i.text("en"))
        for i in root.items("given_names")
    )
    root.finish()
    return NameBook(surnames, given)
