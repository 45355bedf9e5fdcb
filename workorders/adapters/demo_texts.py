"""Reads `config/demo_cases.yaml`: what the demo city's citizens called about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workorders.adapters.marked_yaml import Node, read
from workorders.core.category import CategoryTree
from workorders.core.words import RequestType, Urgency

_REQUIRED = frozenset({"category", "type", "outcome", "weight", "text"})
_OPTIONAL = frozenset(
    {"urgency", "confidential", "anonymous", "details", "answer", "article", "target"}
)
_OUTCOMES = ("answered", "dispatched", "submitted", "transferred_out")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of call. Texts hold placeholders in braces."""

    category: str
    request_type: RequestType
    outcome: str
    weight: int
    text: str
    urgency: Urgency
    confidential: bool
    anonymous: bool
    details: Mapping[str, str]
    answer: str
    article: str | None
    target: str


@dataclass(frozen=True, slots=True)
class DemoTexts:
    surnames: tuple[str, ...]
    titles: tuple[str, ...]
    places: Mapping[str, tuple[str, ...]]
    companies: tuple[str, ...]
    scenarios: tuple[Scenario, ...]


def load_demo_texts(path: Path, tree: CategoryTree) -> DemoTexts:
    """Raises ConfigurationError, also for a scenario under no leaf of the tree."""
    root = read(path).mapping({"surnames", "titles", "places", "companies", "scenarios"})
    return DemoTexts(
        surnames=root["surnames"].texts(),
        titles=root["titles"].texts(),
        places={district: n.texts() for district, n in root["places"].entries().items()},
        companies=root["companies"].texts(),
        scenarios=tuple(_scenario(n, tree) for n in root["scenarios"].items()),
    )


def _scenario(node: Node, tree: CategoryTree) -> Scenario:
    entry = node.mapping(_REQUIRED, _OPTIONAL)
    category = entry["category"].text()
    found = tree.find(category)
    if found is None or not found.leaf:
        raise entry["category"].fault(f"`{category}` is no leaf of the category tree")
    outcome = entry["outcome"].text()
    if outcome not in _OUTCOMES:
        raise entry["outcome"].fault(f"`{outcome}` is none of {', '.join(_OUTCOMES)}")
    details = entry["details"].entries() if "details" in entry else {}
    if outcome in ("dispatched", "submitted"):
        for name in found.required:
            if name not in details:
                raise node.fault(f"`{category}` needs the field `{name}`")
    return Scenario(
        category=category,
        request_type=entry["type"].choice(RequestType),
        outcome=outcome,
        weight=entry["weight"].integer(1),
        text=entry["text"].text(empty=False),
        urgency=entry["urgency"].choice(Urgency) if "urgency" in entry else Urgency.NORMAL,
        confidential=entry["confidential"].boolean() if "confidential" in entry else False,
        anonymous=entry["anonymous"].boolean() if "anonymous" in entry else False,
        details={name: value.text() for name, value in details.items()},
        answer=entry["answer"].text() if "answer" in entry else "",
        article=entry["article"].text() if "article" in entry else None,
        target=entry["target"].text() if "target" in entry else "",
    )
