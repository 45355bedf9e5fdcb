"""The guard: judges each call that enters. O(1) amortised for each call, bounded memory.

Theory of operation: a call is counted first, then judged by the first of these that applies:

1. whoever is on the list of the spared passes;
2. a number that is over its limit, or on the grey list, is asked for a key (by the list perhaps
   only put behind the others); below it, whoever dialled an emergency number passes;
3. when only the reserve of the line is left, whoever is not known is refused: a sentence, and one
   key to the emergency numbers;
4. whoever is known passes;
5. a number of a block that is over its limit or listed is asked for a key; so is a caller without
   a number when the guard is up, and everybody else when it is in a storm;
6. all others pass. At the normal level that is everybody who is below the limits.

Who passed as an ordinary caller and then presses nothing is looked at again at each silence while
the guard is up (`again`): the first calls of a flood come in before it is known to be one. Nothing
is counted then, and whoever has pressed a key is past it.

A number over the limit of the normal level goes onto the grey list by rule, for as long as the
policy says after the last time; the tighter limits of the other levels only ask for a key. A caller
who passes a challenge is known for a day, and who has talked with a person for a month: not who was
answered only, because an operator puts down the telephone when nobody speaks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ivr.core.screening.figures import Count, Counters, Figures
from ivr.core.screening.levels import LevelCause, LevelChange, LevelKeeper
from ivr.core.screening.listed import RULE, ListBook, ListEntry, ListKind, Treatment
from ivr.core.screening.numbers import block_of, judged
from ivr.core.screening.policy import BlockLimit, Level, Measures, NumberLimit, OnFailure, Policy
from ivr.core.screening.present import Decision, Failure, Known, Present, Reason, Verdict
from ivr.core.screening.windows import HOUR_S, MINUTE_S, BlockTrack, NumberTrack, Watched
from kernel.ids import CallId
from kernel.phone import PhoneNumber

BUSIEST = 10
_PASS = Decision.PASS


@dataclass(frozen=True, slots=True)
class Picture:
    """The guard at a moment, for its page. `busiest` numbers and blocks with their calls of about
    the last hour."""

    level: Level
    measures: Measures
    pin: LevelChange | None
    figures: Figures
    present: int
    busiest_numbers: tuple[tuple[str, int], ...]
    busiest_blocks: tuple[tuple[str, int], ...]
    watched: int
    known: int


@dataclass(frozen=True, slots=True)
class _Caller:
    """What is known of a caller, when the call has been counted."""

    number: str
    now: datetime
    known: bool
    track: NumberTrack | None

    @property
    def at(self) -> float:
        return self.now.timestamp()


class Guard:
    """`changes`, `entries` and `learned` (numbers that are known, and until when) collect what has
    changed, for whoever keeps it."""

    def __init__(self, policy: Policy, new_id: Callable[[], str]) -> None:
        bounds = policy.bounds
        self.policy = policy
        self.lists = ListBook(bounds.ruled, bounds.listed)
        self.changes: list[LevelChange] = []
        self.entries: dict[str, ListEntry] = {}
        self.learned: dict[str, datetime] = {}
        self._talks: dict[CallId, datetime] = {}
        self._untold: list[LevelChange] = []
        self._new_id = new_id
        self._numbers: Watched[NumberTrack] = Watched(bounds.numbers)
        self._blocks: Watched[BlockTrack] = Watched(bounds.blocks)
        self._known = Known(bounds.known)
        self._told = Known(bounds.known)
        self._present = Present()
        self._counters = Counters()
        self._levels = LevelKeeper(policy.automatic)
        self._kept_calls = 1 + max(m.number.per_hour for m in policy.levels.values())

    @property
    def level(self) -> Level:
        return self._levels.level

    @property
    def measures(self) -> Measures:
        return self.policy.levels[self.level]

    # --- a call ---------------------------------------------------------------------------

    def enter(
        self, call_id: CallId, ani: PhoneNumber, dnis: str, *, familiar: bool, now: datetime
    ) -> Verdict:
        """Judge a call. Asked twice, it is counted once. `familiar`: the number has chosen a
        language in an earlier call."""
        before = self._present.verdict(call_id)
        if before is not None:
            return before
        caller = self._counted(self.spelled(ani), familiar, now)
        self.look(now)
        verdict = self._judge(caller, dnis)
        self._present.come(call_id, caller.number, verdict, caller.at)
        self._count(verdict, caller.at)
        return verdict

    def again(self, call_id: CallId, *, familiar: bool, now: datetime) -> Verdict | None:
        """Look once more at a caller who passed and has pressed nothing so far: the key that is to
        be asked for now, or None."""
        before = self._present.verdict(call_id)
        if before is None or before.reason is not Reason.ORDINARY or self.level is Level.NORMAL:
            return None
        number, at = self._present.number(call_id), now.timestamp()
        known = bool(number) and (familiar or self._known.holds(number, at))
        found = self._asked_now(_Caller(number, now, known, self._numbers.get(number)))
        if found is not None:
            self._present.judge(call_id, found)
            self._count(found, at)
        return found

    def passed(self, call_id: CallId, now: datetime) -> None:
        """The caller pressed the key: the number is known from now on."""
        self._counters.add(Count.PASSED, now.timestamp())
        self._trust(call_id, now + self.policy.challenge.trusted_for)

    def failed(self, call_id: CallId, held: int, pressed: bool, now: datetime) -> Failure:
        """The caller did not press it; what the present level does then. `held`: so many callers
        are being asked or told why they are refused. Who `pressed` another key is asked again."""
        at, rules = now.timestamp(), self.policy.challenge
        self._counters.add(Count.FAILED, at)
        if self.measures.on_failure is OnFailure.AFTER_OTHERS:
            return Failure.AFTER_OTHERS
        self._counters.add(Count.REFUSED, at)
        number = self._present.number(call_id)
        if not pressed and (held > rules.brief_above or self._told.holds(number, at)):
            return Failure.LET_GO
        # From its beginning: of many calls at once from one number, one hears it.
        self._told.learn(number, (now + rules.told_for).timestamp())
        return Failure.REFUSE

    def answered(self, call_id: CallId, now: datetime) -> None:
        """The caller was answered by a person."""
        if self._present.verdict(call_id) is not None:
            self._talks[call_id] = now

    def talked(self, call_id: CallId, now: datetime) -> None:
        """The conversation is over, if there was one: the number is known after a real one."""
        since = self._talks.pop(call_id, None)
        rules = self.policy.challenge
        if since is not None and now - since >= rules.talk_least:
            self._trust(call_id, now + rules.talked_for)

    def counted(self, count: Count, now: datetime) -> None:
        """Something else happened to a caller who had been judged."""
        self._counters.add(count, now.timestamp())

    def spelled(self, ani: PhoneNumber) -> str:
        """The number as calls are judged by it; empty: it could be no number."""
        return judged(ani, self.policy.area_code)

    def leave(self, call_id: CallId) -> None:
        """The call is over."""
        self._talks.pop(call_id, None)
        self._present.go(call_id)

    def present_are(self, calls: Mapping[CallId, PhoneNumber], now: datetime) -> None:
        """Exactly these calls are on the line."""
        numbers = {call_id: self.spelled(ani) for call_id, ani in calls.items()}
        self._present.are(numbers, now.timestamp())
        for call_id in [c for c in self._talks if c not in numbers]:
            del self._talks[call_id]

    # --- levels ---------------------------------------------------------------------------

    def look(self, now: datetime) -> None:
        """Judge the figures; at each call, and from time to time without one."""
        change = self._levels.step(self._counters, self._occupied(), now)
        if change is not None:
            level, cause, reason = change
            self._note(self._change(level, cause, "", reason, now, None))

    def pin(
        self, level: Level | None, who: str, reason: str, until: datetime | None, now: datetime
    ) -> LevelChange:
        """A person sets the level until a moment, or (None) gives it back to the figures."""
        if level is None:
            self._levels.pinned(None)
            change = self._change(self.level, LevelCause.UNPINNED, who, reason, now, None)
        else:
            change = self._change(level, LevelCause.SUPERVISOR, who, reason, now, until)
            self._levels.pinned(change)
        self._note(change)
        return change

    def untold(self) -> list[LevelChange]:
        """What has changed since it was asked last, oldest first."""
        told, self._untold = self._untold, []
        return told

    def restore(self, entries: list[ListEntry], last: LevelChange | None, now: datetime) -> None:
        """What was kept over a restart: the lists, and a pin that has not come to its end."""
        self.lists.take_in(entries, now)
        if last is not None and last.pinned_until is not None and now < last.pinned_until:
            self._levels.pinned(last)

    def recall(self, numbers: Mapping[str, datetime]) -> None:
        """Numbers that an earlier run has learned; what this run has learned goes before."""
        for number, until in numbers.items():
            self._known.recall(number, until.timestamp())

    def picture(self, now: datetime) -> Picture:
        at = now.timestamp()
        return Picture(
            level=self.level,
            measures=self.measures,
            pin=self._levels.pin,
            figures=self._counters.figures(at, self._occupied()),
            present=len(self._present),
            busiest_numbers=tuple(self._numbers.busiest(BUSIEST, at)),
            busiest_blocks=tuple(self._blocks.busiest(BUSIEST, at)),
            watched=len(self._numbers),
            known=len(self._known),
        )

    # --- judging --------------------------------------------------------------------------

    def _counted(self, number: str, familiar: bool, now: datetime) -> _Caller:
        at = now.timestamp()
        self._counters.add(Count.ENTERED, at)
        if not number:
            self._counters.add(Count.ANONYMOUS, at)
            return _Caller("", now, False, None)
        track = self._numbers.note(number, NumberTrack(deque(maxlen=self._kept_calls)), at)
        known = familiar or self._known.holds(number, at)
        return _Caller(number, now, known, track)

    def _judge(self, caller: _Caller, dnis: str) -> Verdict:
        if self.lists.find(ListKind.SPARED, caller.number, caller.now) is not None:
            return Verdict(_PASS, Reason.SPARED)
        own = self._own_doing(caller)
        if dnis in self.policy.emergency_dialled:
            return own or Verdict(_PASS, Reason.EMERGENCY)
        full = len(self._present) >= self.policy.line.for_strangers
        if full and (own is not None or not caller.known):
            return Verdict(Decision.REFUSE, Reason.LINE_FULL)
        if own is not None:
            return own
        if caller.known:
            return Verdict(_PASS, Reason.KNOWN)
        return self._stranger(caller)

    def _own_doing(self, caller: _Caller) -> Verdict | None:
        """What comes of the number's own calls, or of its entry on the grey list."""
        if not caller.number:
            return None
        listed = self.lists.find(ListKind.GREY, caller.number, caller.now)
        if self._too_often(self.policy.levels[Level.NORMAL].number, caller):
            self._list(caller.number, False, Reason.NUMBER_RATE, caller.now)
            listed = listed or self.lists.find(ListKind.GREY, caller.number, caller.now)
        if listed is not None and not (listed.start and listed.by_rule):
            return self._by_list(listed)
        # The tighter limits of a raised guard are for strangers.
        level = Level.NORMAL if caller.known else self.level
        limit = self.policy.levels[level].number
        if self._too_often(limit, caller):
            return self._asked(Reason.NUMBER_RATE)
        if self._present.of_number(caller.number) >= limit.at_once:
            return self._asked(Reason.NUMBER_AT_ONCE)
        return None

    def _asked_now(self, caller: _Caller) -> Verdict | None:
        """Whether a caller who is in the menu already would be asked if the call came in now."""
        listed = self.lists.find(ListKind.GREY, caller.number, caller.now)
        if listed is not None and not (listed.start and listed.by_rule):
            asked = self._by_list(listed)
            return asked if asked.decision is Decision.CHALLENGE else None
        limit = self.policy.levels[Level.NORMAL if caller.known else self.level].number
        if self._too_often(limit, caller):
            return self._asked(Reason.NUMBER_RATE)
        if self._present.of_number(caller.number) > limit.at_once:
            return self._asked(Reason.NUMBER_AT_ONCE)
        if caller.known:
            return None
        if listed is not None:
            return self._asked(Reason.BLOCK_RATE)
        if not caller.number and self.measures.challenge_anonymous:
            return self._asked(Reason.ANONYMOUS)
        if caller.number and self.measures.challenge_strangers:
            return self._asked(Reason.STRANGER)
        return None

    @staticmethod
    def _too_often(limit: NumberLimit, caller: _Caller) -> bool:
        track, at = caller.track, caller.at
        return track is not None and (
            track.over(limit.per_minute, MINUTE_S, at) or track.over(limit.per_hour, HOUR_S, at)
        )

    def _stranger(self, caller: _Caller) -> Verdict:
        measures = self.measures
        if not caller.number:
            if measures.challenge_anonymous:
                return self._asked(Reason.ANONYMOUS)
            return Verdict(_PASS, Reason.ORDINARY)
        if self._block_is_over(caller, measures.block):
            self._list(block_of(caller.number), True, Reason.BLOCK_RATE, caller.now)
            return self._asked(Reason.BLOCK_RATE)
        if self.lists.find(ListKind.GREY, caller.number, caller.now) is not None:
            return self._asked(Reason.BLOCK_RATE)
        self._counters.add(Count.STRANGERS, caller.at)
        if measures.challenge_strangers:
            return self._asked(Reason.STRANGER)
        return Verdict(_PASS, Reason.ORDINARY)

    def _block_is_over(self, caller: _Caller, limit: BlockLimit) -> bool:
        """Counts the call. Only strangers count: one telephone that calls on and on is no reason to
        ask its neighbours."""
        block = block_of(caller.number)
        if not block:
            return False
        track = self._blocks.note(block, BlockTrack(), caller.at)
        return track.over(limit.per_minute, limit.per_hour, caller.at)

    def _by_list(self, entry: ListEntry) -> Verdict:
        if entry.treatment is Treatment.AFTER_OTHERS:
            return Verdict(_PASS, Reason.GREY, after_others=True)
        return self._asked(Reason.GREY, after_others=entry.treatment is Treatment.BOTH)

    def _asked(self, reason: Reason, *, after_others: bool = False) -> Verdict:
        # A number that is listed has been asked before; a machine is not listened to for long.
        tries = 1 if reason is Reason.GREY else self.measures.tries
        return Verdict(Decision.CHALLENGE, reason, after_others, tries)

    # --- keeping --------------------------------------------------------------------------

    def _count(self, verdict: Verdict, at: float) -> None:
        if verdict.reason in (
            Reason.GREY, Reason.NUMBER_RATE, Reason.NUMBER_AT_ONCE, Reason.BLOCK_RATE,
        ):  # fmt: skip
            self._counters.add(Count.SUSPICIOUS, at)
        if verdict.decision is Decision.CHALLENGE:
            self._counters.add(Count.CHALLENGED, at)
        elif verdict.decision is Decision.REFUSE:
            self._counters.add(Count.REFUSED, at)

    def _trust(self, call_id: CallId, until: datetime) -> None:
        number = self._present.number(call_id)
        if number:
            self._known.learn(number, until.timestamp())
            self.learned[number] = max(until, self.learned.get(number, until))

    def _list(self, number: str, start: bool, reason: Reason, now: datetime) -> None:
        entry = ListEntry(
            entry_id=self._new_id(),
            kind=ListKind.GREY,
            number=number,
            start=start,
            treatment=Treatment.CHALLENGE if start else Treatment.BOTH,
            reason=reason.value,
            made_by=RULE,
            made_at=now,
            until=now + self.policy.lists.ruled_for,
        )
        changed = self.lists.rule(entry, now)
        if changed is not None:
            self.entries[changed.entry_id] = changed

    def _change(
        self,
        level: Level,
        cause: LevelCause,
        who: str,
        reason: str,
        now: datetime,
        until: datetime | None,
    ) -> LevelChange:
        return LevelChange(
            change_id=self._new_id(),
            at=now,
            level=level,
            cause=cause,
            actor=who,
            reason=reason,
            pinned_until=until,
        )

    def _note(self, change: LevelChange) -> None:
        self.changes.append(change)
        self._untold.append(change)

    def _occupied(self) -> float:
        return len(self._present) / self.policy.line.calls_at_once
