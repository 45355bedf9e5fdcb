"""When a worker is taken for dead, and when the next one is started. Pure."""

from __future__ import annotations

BEAT_EVERY_S = 0.5
SILENT_LOOKS = 3
"""So many looks, `BEAT_EVERY_S` apart, without a beat in between: a worker that is frozen is ended
after 1.5 to 2 s. Looks are counted, not seconds, so that a platform that itself slept does not end
a healthy worker on waking."""
START_WITHIN_S = 120.0
"""Large models take a minute to load from a cold disk."""
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
HEALTHY_AFTER_S = 60.0


class Beats:
    """Counts looks without a beat."""

    def __init__(self) -> None:
        self._silent = 0

    def beat(self) -> None:
        self._silent = 0

    def look(self) -> bool:
        """True when the worker is to be taken for dead."""
        self._silent += 1
        return self._silent > SILENT_LOOKS


class BackOff:
    """How long to wait before the next start, ever longer; a long healthy life begins anew."""

    def __init__(self) -> None:
        self._deaths = 0

    def pause_s(self, lived_s: float) -> float:
        """`lived_s`: how long the worker was ready."""
        if lived_s >= HEALTHY_AFTER_S:
            self._deaths = 0
        pause = PAUSES_S[min(self._deaths, len(PAUSES_S) - 1)]
        self._deaths += 1
        return pause
