"""What the simulated citizens call about: the demo city's own texts, chosen by the call's id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workorders.adapters.city_files import FileCity
from workorders.adapters.demo_texts import DemoTexts, Scenario, load_demo_texts
from workorders.adapters.reference_files import load_reference
from workorders.core.category import CategoryTree

_NIGHTS = ("23时30分", "凌晨1时", "22时以后", "23时至次日2时")
_ANSWERED_OF_TEN = 7


@dataclass(frozen=True, slots=True)
class Story:
    """One call's matter, ready for the case form. `outcome`: answered, dispatched or submitted;
    `search` is what the operator looks up; `article` and `answer` may be empty."""

    outcome: str
    fields: dict[str, str]
    search: str
    article: str
    answer: str


class Stories:
    """The same call has the same story in every run."""

    def __init__(self, texts: DemoTexts, tree: CategoryTree, districts: dict[str, str]) -> None:
        self._texts = texts
        self._tree = tree
        self._districts = districts

    @classmethod
    def load(cls, config_dir: Path) -> Stories:
        """Raises ConfigurationError, with file and line."""
        city = FileCity(config_dir)
        tree = load_reference(config_dir, city).tree
        texts = load_demo_texts(config_dir / "demo_cases.yaml", tree)
        return cls(texts, tree, {d.district_id: d.name for d in city.districts()})

    def story(self, call_id: str, team: str) -> Story:
        """Seven of ten matters are answered at once, the others become work orders."""
        answered = _chance(call_id, "outcome") % 10 < _ANSWERED_OF_TEN
        scenario = self._scenario(call_id, team, answered)
        district = _pick(tuple(self._texts.places), call_id, "district")
        street = _pick(self._texts.places[district], call_id, "street")
        place = f"{self._districts[district]}{street}"
        words = {
            "place": place,
            "company": _pick(self._texts.companies, call_id, "company"),
            "n": str(2 + _chance(call_id, "n") % 7),
            "when": _pick(_NIGHTS, call_id, "when"),
        }
        fields = {
            "request_type": scenario.request_type.value,
            "category": scenario.category,
            "description": scenario.text.format(**words),
            "urgency": scenario.urgency.value,
            "confidential": "1" if scenario.confidential else "",
            "anonymous": "1" if scenario.anonymous else "",
            "requester_name": "" if scenario.anonymous else self._name(call_id),
            **{name: value.format(**words) for name, value in scenario.details.items()},
        }
        if not answered:
            house = 1 + _chance(call_id, "house") % 280
            fields |= {"district": district, "address": f"{place}{house}号"}
        return Story(
            outcome=scenario.outcome,
            fields=fields,
            search=self._tree.leaf(scenario.category).zh,
            article=scenario.article or "",
            answer=scenario.answer,
        )

    def _scenario(self, call_id: str, team: str, answered: bool) -> Scenario:
        outcomes = ("answered",) if answered else ("dispatched", "submitted")
        fitting = [
            s
            for s in self._texts.scenarios
            if s.outcome in outcomes and self._tree.leaf(s.category).team == team
        ]
        left = _chance(call_id, "scenario") % sum(s.weight for s in fitting)
        for scenario in fitting:
            left -= scenario.weight
            if left < 0:
                return scenario
        raise AssertionError("the weights add up to more than the draw")

    def _name(self, call_id: str) -> str:
        surname = _pick(self._texts.surnames, call_id, "surname")
        return surname + _pick(self._texts.titles, call_id, "title")


def _chance(call_id: str, what: str) -> int:
    """A number that depends on nothing but its arguments."""
    return int.from_bytes(hashlib.sha256(f"{call_id}:{what}".encode()).digest()[:6])


def _pick(choices: Sequence[str], call_id: str, what: str) -> str:
    return choices[_chance(call_id, what) % len(choices)]
