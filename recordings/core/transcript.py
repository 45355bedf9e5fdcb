"""What was said in a call, as the recogniser understood it, in a form that any database takes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 400
LONGEST_S = 200_000.0
DOUBTFUL_BELOW_FRACTION = 0.6
_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
"""A database refuses NUL and half characters, and would refuse the whole batch with them."""


class Side(StrEnum):
    """Who said it: the left channel of the recording, or the right one."""

    CALLER = "caller"
    OPERATOR = "operator"


_SIDES = frozenset(side.value for side in Side)


@dataclass(frozen=True, slots=True)
class Utterance:
    """`confidence_fraction`: of the least sure word, 0 to 1; seconds since the recording began."""

    side: Side
    text: str
    confidence_fraction: float
    from_s: float
    to_s: float

    @property
    def doubtful(self) -> bool:
        """Whoever reads it should listen as well."""
        return self.confidence_fraction < DOUBTFUL_BELOW_FRACTION


def utterance(
    *, side: str, text: str, confidence_fraction: float, from_s: float, to_s: float
) -> Utterance | None:
    """What is kept of it; None if there is nothing to keep."""
    kept = _UNFIT.sub("", text).strip()[:LONGEST_TEXT]
    if not kept or side not in _SIDES:
        return None
    began_s = _within(from_s, 0.0, LONGEST_S)
    return Utterance(
        side=Side(side),
        text=kept,
        confidence_fraction=_within(confidence_fraction, 0.0, 1.0),
        from_s=began_s,
        to_s=_within(to_s, began_s, LONGEST_S),
    )


def _within(value: float, least: float, most: float) -> float:
    """Whole milliseconds, as they are kept; the least for what is no number."""
    if math.isnan(value):
        return least
    return round(min(max(value, least), most), 3)
