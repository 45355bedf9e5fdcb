"""The calls that are on the line now, and the numbers that are known to belong to people."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kernel.ids import CallId

LONGEST_CALL_S = 6 * 3600.0
"""A call whose end nobody heard is counted no longer than this."""


class Decision(StrEnum):
    PASS = "pass"  # on to the dialogue
    CHALLENGE = "challenge"  # a key first
    REFUSE = "refuse"  # a sentence, the way to help, and the end


class Failure(StrEnum):
    """What becomes of a call that was asked for a key and pressed none."""

    AFTER_OTHERS = "after_others"  # on, behind the others
    REFUSE = "refuse"  # the sentence why, the key and the ways to help once more
    LET_GO = "let_go"  # the end: the question, which names the key and the star, was enough


class Reason(StrEnum):
    """Why a call was judged so."""

    ORDINARY = "ordinary"  # nothing unusual
    EMERGENCY = "emergency"  # dialled a number that is for emergencies
    SPARED = "spared"  # on the list of those that are spared
    KNOWN = "known"  # a person has called from this number
    GREY = "grey"  # on the grey list
    NUMBER_RATE = "number_rate"  # too many calls of the number
    NUMBER_AT_ONCE = "number_at_once"  # too many at the same time
    BLOCK_RATE = "block_rate"  # too many calls of the block of numbers
    ANONYMOUS = "anonymous"  # without a number, and the guard is up
    STRANGER = "stranger"  # not known, and the guard is in a storm
    LINE_FULL = "line_full"  # what is left of the line is kept


@dataclass(frozen=True, slots=True)
class Verdict:
    decision: Decision
    reason: Reason
    after_others: bool = False
    tries: int = 0
    """How often the key is asked for."""


@dataclass(frozen=True, slots=True)
class _Present:
    number: str
    since: float
    verdict: Verdict


class Present:
    """Live calls, oldest first. O(1) for each coming and going."""

    def __init__(self) -> None:
        self._calls: OrderedDict[CallId, _Present] = OrderedDict()
        self._at_once: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._calls)

    def of_number(self, number: str) -> int:
        return self._at_once[number] if number else 0

    def verdict(self, call_id: CallId) -> Verdict | None:
        found = self._calls.get(call_id)
        return None if found is None else found.verdict

    def judge(self, call_id: CallId, verdict: Verdict) -> None:
        """The verdict of a call that is here has become another."""
        found = self._calls[call_id]
        self._calls[call_id] = _Present(found.number, found.since, verdict)

    def number(self, call_id: CallId) -> str:
        """Empty for a call without a number, and for one that is not here."""
        found = self._calls.get(call_id)
        return "" if found is None else found.number

    def come(self, call_id: CallId, number: str, verdict: Verdict, at: float) -> None:
        self._calls[call_id] = _Present(number, at, verdict)
        if number:
            self._at_once[number] += 1
        while True:
            first, oldest = next(iter(self._calls.items()))
            if oldest.since > at - LONGEST_CALL_S:
                return
            self.go(first)

    def go(self, call_id: CallId) -> bool:
        """False: it was not here."""
        found = self._calls.pop(call_id, None)
        if found is None:
            return False
        if found.number:
            self._at_once[found.number] -= 1
            if not self._at_once[found.number]:
                del self._at_once[found.number]
        return True

    def are(self, numbers: Mapping[CallId, str], at: float) -> None:
        """Exactly these calls are on the line, as the telephone system has told."""
        for call_id in [c for c in self._calls if c not in numbers]:
            self.go(call_id)
        for call_id, number in numbers.items():
            if call_id not in self._calls:
                self.come(call_id, number, Verdict(Decision.PASS, Reason.ORDINARY), at)


class Known:
    """Numbers from which a person has called, the latest `most`; each until its moment."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._until: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def learn(self, number: str, until: float) -> None:
        """Until that moment at least."""
        if not number:
            return
        self._until[number] = max(until, self._until.get(number, until))
        self._until.move_to_end(number)
        if len(self._until) > self._most:
            self._until.popitem(last=False)

    def recall(self, number: str, until: float) -> None:
        """As learned long ago, by an earlier run: first to be forgotten."""
        if number not in self._until and len(self._until) < self._most:
            self._until[number] = until
            self._until.move_to_end(number, last=False)

    def holds(self, number: str, at: float) -> bool:
        until = self._until.get(number)
        if until is None:
            return False
        if at >= until:
            del self._until[number]
            return False
        return True
