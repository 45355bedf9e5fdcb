"""The policy pack: which term applies to which order. Pure; the data is `config/deadlines.yaml`.

A rule names what it applies to; a field left out applies to all. The first rule that fits wins,
so the file reads from the particular to the general, and its last rule of each stage fits all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workorders.core.deadline import Term, half
from workorders.core.words import RequestType, Urgency


class Stage(StrEnum):
    """Which clock: `handle` runs from dispatch to the reply, `sign` from dispatch to signing."""

    HANDLE = "handle"
    SIGN = "sign"
    DISPATCH = "dispatch"
    RETURN_DECISION = "return_decision"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """One line of the pack. `category` is a prefix in the tree; empty sets apply to all.

    `text` is the sentence stored with the order (Chinese), `text_en` says the same in English,
    `basis` names the regulation.
    """

    rule_id: str
    stage: Stage
    term: Term
    text: str
    text_en: str
    basis: str
    request_types: frozenset[RequestType] = frozenset()
    urgencies: frozenset[Urgency] = frozenset()
    category: str = ""


@dataclass(frozen=True, slots=True)
class PolicyPack:
    """All rules in their order. `version` is stored with each order."""

    version: str
    rules: tuple[DeadlineRule, ...]

    def rule(
        self, stage: Stage, request_type: RequestType, category: str, urgency: Urgency
    ) -> DeadlineRule:
        """The first rule that fits. Raises LookupError if the pack has a hole."""
        for rule in self.rules:
            if rule.stage is stage and _fits(rule, request_type, category, urgency):
                return rule
        raise LookupError(f"no deadline rule for {stage}, {request_type}, {category}, {urgency}")

    def in_english(self, rule_id: str, printed: str) -> str | None:
        """The printed sentence of a rule in English; None if the rule says another by now."""
        return next(
            (r.text_en for r in self.rules if r.rule_id == rule_id and r.text == printed), None
        )


def term_of(rule: DeadlineRule, *, redo: bool) -> Term:
    """The rule's term, or half of it for a redo."""
    return half(rule.term) if redo else rule.term


def is_under(category: str, ancestor: str) -> bool:
    """True if `category` is `ancestor` or lies below it; every category is under ''."""
    return not ancestor or category == ancestor or category.startswith(f"{ancestor}.")


def _fits(rule: DeadlineRule, request_type: RequestType, category: str, urgency: Urgency) -> bool:
    return (
        (not rule.request_types or request_type in rule.request_types)
        and (not rule.urgencies or urgency in rule.urgencies)
        and is_under(category, rule.category)
    )
