"""The grey list and the list of those that are spared: who, why, until when. Each entry ends.

An entry is of a number, or of all numbers with the same leading digits. Looking one up costs one
dictionary access for each length of leading digits that is in use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.errors import BadInput, Conflict, InvalidTransition, NotFound

RULE = "rule"
"""Made by the guard itself."""
SHORTEST_START = 3
REASON_LIMIT = 200


class ListKind(StrEnum):
    GREY = "grey"  # 灰名单
    SPARED = "spared"  # 免验名单


class Treatment(StrEnum):
    """Of a grey entry."""

    CHALLENGE = "challenge"  # is asked for a key
    AFTER_OTHERS = "after_others"  # goes behind the others
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """`number` is a whole number, or with `start` the leading digits of many. `reason`: a person's
    words, or the rule's code."""

    entry_id: str
    kind: ListKind
    number: str
    start: bool
    treatment: Treatment
    reason: str
    made_by: str
    made_at: datetime
    until: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None

    @property
    def by_rule(self) -> bool:
        return self.made_by == RULE

    def active(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.until


_Key = tuple[ListKind, bool, str]


class ListBook:
    """The entries that count, at most `ruled` made by rule and `listed` made by people."""

    def __init__(self, ruled: int, listed: int) -> None:
        self._most = {True: ruled, False: listed}
        self._by_key: dict[_Key, ListEntry] = {}
        self._by_id: dict[str, _Key] = {}
        self._lengths: Counter[tuple[ListKind, int]] = Counter()
        self._made = {True: 0, False: 0}
        self._ruled: dict[_Key, None] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def active(self, now: datetime) -> list[ListEntry]:
        """Latest made first."""
        found = [entry for entry in self._by_key.values() if entry.active(now)]
        return sorted(found, key=lambda e: (e.made_at, e.entry_id), reverse=True)

    def find(self, kind: ListKind, number: str, now: datetime) -> ListEntry | None:
        """The entry that a number is under: its own, or the longest leading digits."""
        if not number:
            return None
        found = self._by_key.get((kind, False, number))
        if found is not None and found.active(now):
            return found
        for length in range(len(number), SHORTEST_START - 1, -1):
            if not self._lengths[kind, length]:
                continue
            found = self._by_key.get((kind, True, number[:length]))
            if found is not None and found.active(now):
                return found
        return None

    def take_in(self, entries: Iterable[ListEntry], now: datetime) -> None:
        """Those that were kept from before; what is over or beyond the bounds is left out."""
        for entry in entries:
            if entry.active(now) and self._made[entry.by_rule] < self._most[entry.by_rule]:
                self._put(entry)

    def add(self, entry: ListEntry, now: datetime) -> ListEntry:
        """One made by a person; in the place of one that a rule made.

        Raises:
            Conflict: a person put the same on the same list already.
            BadInput: the list is full.
        """
        self.demand_room(entry, now)
        self._put(entry)
        return entry

    def demand_room(self, entry: ListEntry, now: datetime) -> None:
        """Raises as `add` would; changes nothing that counts."""
        self.expire(now)
        before = self._by_key.get(_key(entry))
        if before is not None and not before.by_rule:
            raise Conflict("名单里已有这个号码，可以延长或移除")
        if self._made[False] >= self._most[False]:
            raise BadInput("名单已满，请先移除不再需要的", "number")

    def rule(self, entry: ListEntry, now: datetime) -> ListEntry | None:
        """One made by rule. What a person has decided of the same number stands; one that a rule
        made is prolonged, by steps of at least a quarter, so that a flood is no flood of changes.
        Returns what has changed."""
        before = self._by_key.get(_key(entry))
        if before is not None and before.active(now):
            if not before.by_rule or entry.until - before.until < (entry.until - now) / 4:
                return None
            entry = replace(before, until=entry.until)
        elif before is not None:
            self._drop(before)
        self._put(entry)
        if self._made[True] > self._most[True]:
            self._drop(self._first_to_end())
        return entry

    def prolong(self, entry_id: str, until: datetime, now: datetime) -> ListEntry:
        """Raises NotFound, InvalidTransition for one that is over."""
        entry = replace(self.running(entry_id, now), until=until)
        self._put(entry)
        return entry

    def end(self, entry_id: str, by: str, now: datetime) -> ListEntry:
        """Raises NotFound, InvalidTransition for one that is over."""
        entry = self.running(entry_id, now)
        self._drop(entry)
        return replace(entry, ended_by=by, ended_at=now)

    def expire(self, now: datetime) -> None:
        """Forget what is over. O(entries); not for the path of a call."""
        for entry in [e for e in self._by_key.values() if not e.active(now)]:
            self._drop(entry)

    def running(self, entry_id: str, now: datetime) -> ListEntry:
        """Raises NotFound, InvalidTransition for one that is over."""
        key = self._by_id.get(entry_id)
        if key is None:
            raise NotFound("名单里没有这一条")
        entry = self._by_key[key]
        if not entry.active(now):
            raise InvalidTransition("这一条已经到期")
        return entry

    def _first_to_end(self) -> ListEntry:
        # All last equally long, and one that is prolonged goes to the end.
        return self._by_key[next(iter(self._ruled))]

    def _put(self, entry: ListEntry) -> None:
        key = _key(entry)
        before = self._by_key.get(key)
        if before is not None:
            self._drop(before)
        self._by_key[key] = entry
        self._by_id[entry.entry_id] = key
        self._made[entry.by_rule] += 1
        if entry.by_rule:
            self._ruled[key] = None
        if entry.start:
            self._lengths[entry.kind, len(entry.number)] += 1

    def _drop(self, entry: ListEntry) -> None:
        del self._by_key[_key(entry)]
        del self._by_id[entry.entry_id]
        self._made[entry.by_rule] -= 1
        self._ruled.pop(_key(entry), None)
        if entry.start:
            self._lengths[entry.kind, len(entry.number)] -= 1


def checked(entry: ListEntry, longest: timedelta) -> ListEntry:
    """Raises BadInput for an entry that a person may not make."""
    if not entry.number.isascii() or not entry.number.isdecimal():
        raise BadInput("请填写号码，只用数字", "number")
    least, most = (SHORTEST_START, 12) if entry.start else (5, 15)
    if not least <= len(entry.number) <= most:
        raise BadInput("号码位数不对", "number")
    if not entry.reason:
        raise BadInput("请填写原因", "reason")
    if len(entry.reason) > REASON_LIMIT:
        raise BadInput("原因太长", "reason")
    if not timedelta(0) < entry.until - entry.made_at <= longest:
        raise BadInput("期限不在允许的范围内", "hours")
    return entry


def _key(entry: ListEntry) -> _Key:
    return entry.kind, entry.start, entry.number
