"""An expected wait and its truth, as they travel in events and stay in the log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitScore:
    """One forecast for one caller, judged when the wait ended.

    `expected_s` was forecast, `departures` callers had to go before; `low_min` to `high_min`
    minutes (`high_min` None: more than `low_min`) were `told`, or would have been, had they been
    sure enough; `low_min` None: no range was narrow enough. `waited_s` is what the caller then
    really waited until the answer or, not `answered`, until giving up.
    """

    expected_s: float
    departures: float
    low_min: int | None
    high_min: int | None
    told: bool
    waited_s: float
    answered: bool
