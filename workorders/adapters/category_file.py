"""Reads `config/categories.yaml` and resolves what the nodes inherit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kernel.ids import AuthorityId, TeamId
from workorders.adapters.marked_yaml import Node, read
from workorders.core.category import (
    DISTRICT_GOVERNMENT,
    MIN_DEPTH,
    Category,
    CategoryTree,
    FieldSpec,
)
from workorders.core.words import RequestType
from workorders.ports import CityBook

_FIELD_KEYS = frozenset({"hint_zh", "hint_en", "pattern", "max"})
_NODE_KEYS = frozenset({"team", "authorities", "type", "required", "keywords", "children"})
_ID = re.compile(r"^[a-z][a-z0-9-]*$")


@dataclass(frozen=True, slots=True)
class _Above:
    """What a node inherits."""

    path: str
    team: TeamId | None
    authorities: tuple[str, ...]
    required: tuple[str, ...]
    usual_type: RequestType | None


def load_categories(path: Path, city: CityBook) -> CategoryTree:
    """The tree. Raises ConfigurationError: unknown authorities, teams or fields, ids that stand
    twice, leaves without keywords or above the third level."""
    root = read(path).mapping({"fields", "categories"})
    fields = {name: _field(name, node) for name, node in root["fields"].entries().items()}
    nodes: dict[str, Category] = {}
    teams = frozenset(t.team_id for t in city.teams())
    above = _Above("", None, (), (), None)
    for node in root["categories"].items():
        _add(node, above, nodes, fields, city, teams)
    return CategoryTree(nodes, fields)


def _field(name: str, node: Node) -> FieldSpec:
    entry = node.mapping({"zh", "en"}, _FIELD_KEYS)
    pattern = entry["pattern"].text() if "pattern" in entry else ""
    try:
        re.compile(pattern)
    except re.error as error:
        raise entry["pattern"].fault(f"the pattern does not compile: {error}") from error
    return FieldSpec(
        name=name,
        zh=entry["zh"].text(empty=False),
        en=entry["en"].text(empty=False),
        hint_zh=entry["hint_zh"].text() if "hint_zh" in entry else "",
        hint_en=entry["hint_en"].text() if "hint_en" in entry else "",
        pattern=pattern,
        max_length=entry["max"].integer(1) if "max" in entry else 200,
    )


def _add(
    node: Node,
    above: _Above,
    nodes: dict[str, Category],
    fields: dict[str, FieldSpec],
    city: CityBook,
    teams: frozenset[TeamId],
) -> None:
    entry = node.mapping({"id", "zh", "en"}, _NODE_KEYS)
    name = entry["id"].text()
    if not _ID.match(name):
        raise entry["id"].fault(f"`{name}` is no id (small letters, digits, hyphens)")
    category_id = f"{above.path}.{name}" if above.path else name
    if category_id in nodes:
        raise entry["id"].fault(f"the category `{category_id}` stands here twice")
    team = _team(entry, above, node, teams)
    here = _Above(
        path=category_id,
        team=team,
        authorities=_authorities(entry, above, city),
        required=above.required + _required(entry, fields),
        usual_type=entry["type"].choice(RequestType) if "type" in entry else above.usual_type,
    )
    children = entry["children"].items() if "children" in entry else []
    category = Category(
        category_id=category_id,
        zh=entry["zh"].text(empty=False),
        en=entry["en"].text(empty=False),
        parent=above.path or None,
        team=team,
        authorities=here.authorities,
        keywords=entry["keywords"].texts() if "keywords" in entry else (),
        required=here.required,
        usual_type=here.usual_type,
        leaf=not children,
    )
    if category.leaf and (category.depth < MIN_DEPTH or not category.keywords):
        raise node.fault("a leaf stands on the third level or below and has keywords")
    if category.leaf and not category.authorities:
        raise node.fault("a leaf needs an authority")
    nodes[category_id] = category
    for child in children:
        _add(child, here, nodes, fields, city, teams)


def _team(entry: dict[str, Node], above: _Above, node: Node, teams: frozenset[TeamId]) -> TeamId:
    if "team" not in entry:
        if above.team is None:
            raise node.fault("a root names its team")
        return above.team
    team = TeamId(entry["team"].text())
    if team not in teams:
        raise entry["team"].fault(f"there is no team `{team}`")
    return team


def _authorities(entry: dict[str, Node], above: _Above, city: CityBook) -> tuple[str, ...]:
    if "authorities" not in entry:
        return above.authorities
    for item in entry["authorities"].items():
        name = item.text()
        if name != DISTRICT_GOVERNMENT and city.authority(AuthorityId(name)) is None:
            raise item.fault(f"there is no authority `{name}`")
    return entry["authorities"].texts()


def _required(entry: dict[str, Node], fields: dict[str, FieldSpec]) -> tuple[str, ...]:
    if "required" not in entry:
        return ()
    for item in entry["required"].items():
        if item.text() not in fields:
            raise item.fault(f"there is no field `{item.text()}`")
    return entry["required"].texts()
