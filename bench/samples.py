"""From moments to samples: which delay each call and each offer is a measurement of. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.traces import CallSetUp, Offer


@dataclass(slots=True)
class Samples:
    """Milliseconds; `sound_ms` counts from the answer, `prompt_ms` from the INVITE. `offered`
    counts the calls that rang at a phone at least once, `helped` the offers to operators of other
    teams."""

    answer_ms: list[float] = field(default_factory=list)
    prompt_ms: list[float] = field(default_factory=list)
    sound_ms: list[float] = field(default_factory=list)
    queued_ms: list[float] = field(default_factory=list)
    ready_ms: list[float] = field(default_factory=list)
    offered: int = 0
    helped: int = 0

    def add_calls(self, calls: Iterable[CallSetUp], heard_at: Mapping[int, float]) -> None:
        """`heard_at`: when the first packet with sound came to each media port."""
        for call in calls:
            if call.answered_at is not None:
                self.answer_ms.append(_ms(call.invited_at, call.answered_at))
            if call.media_port in heard_at:
                self.prompt_ms.append(_ms(call.invited_at, heard_at[call.media_port]))
                if call.answered_at is not None:
                    self.sound_ms.append(_ms(call.answered_at, heard_at[call.media_port]))

    def add_offers(
        self,
        made: Sequence[Offer],
        arrived_at: Mapping[str, float],
        ready_at: Mapping[str, Sequence[float]],
        is_own: Callable[[Offer], bool],
    ) -> None:
        """`arrived_at`: when each call came into the line; `ready_at`: when the operator at each
        phone said ready, oldest first; `is_own`: whether the operator is of the call's own team.

        An offer began with whichever came last: an idle operator was there when the caller came
        into the line, or a caller was waiting when the operator became ready. Later offers of a
        call have other beginnings and are no samples, and so are offers to other teams: those
        begin when a ring opens, by the rules seconds later.
        """
        self.offered += len({offer.call_id for offer in made})
        for offer in made:
            if not is_own(offer):
                self.helped += 1
                continue
            said = ready_at.get(offer.endpoint, ())
            before = bisect_right(said, offer.at)
            if offer.number != 1 or not before or offer.call_id not in arrived_at:
                continue
            arrived, ready = arrived_at[offer.call_id], said[before - 1]
            if ready <= arrived:
                self.queued_ms.append(_ms(arrived, offer.at))
            else:
                self.ready_ms.append(_ms(ready, offer.at))


def _ms(since: float, until: float) -> float:
    return (until - since) * 1000
