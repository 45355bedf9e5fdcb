"""How a guesser is slowed down: pure counting of failed sign-ins.

Theory of operation: three counters, each with its own patience.

* A *known device* is a browser from which somebody has signed in before. Its failures count
  against the device alone, so a guesser elsewhere can never delay a booth's machine.
* From an unknown device, failures count against the *account* tried and against the *source*
  (the network address). Delays grow with each failure. All booths may share one address, so the
  source's delay stays short: it bends a flood, it does not lock a shift out.

An attempt is counted as failed before the password is checked, and forgiven on success, so that
guesses sent side by side cannot slip through together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Patience:
    """`free` failures cost nothing; then the delay doubles from `first` up to `longest`.
    Failures are forgotten when none came for `memory`."""

    free: int
    first: timedelta
    longest: timedelta
    memory: timedelta


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failures in a row and when the last one was."""

    failures: int = 0
    last_failed_at: datetime | None = None


NONE_YET = Attempts()

DEVICE = Patience(10, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=1))
ACCOUNT = Patience(5, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=1))
SOURCE = Patience(60, timedelta(seconds=1), timedelta(seconds=30), timedelta(minutes=10))


def after_failure(attempts: Attempts, patience: Patience, now: datetime) -> Attempts:
    """One failure more, or the first after a long quiet."""
    last = attempts.last_failed_at
    forgotten = last is None or now - last >= patience.memory
    return Attempts(1 if forgotten else attempts.failures + 1, now)


def blocked_until(attempts: Attempts, patience: Patience) -> datetime | None:
    """When the next attempt may be made; None if at once. May lie in the past."""
    over = attempts.failures - patience.free
    if over < 0 or attempts.last_failed_at is None:
        return None
    # Beyond 2**20 the delay is at its longest anyway; a shift by the whole count could overflow.
    delay = min(patience.first * (1 << min(over, 20)), patience.longest)
    return attempts.last_failed_at + delay


def wait(attempts: Attempts, patience: Patience, now: datetime) -> timedelta:
    """How long to wait before the next attempt; zero if none."""
    until = blocked_until(attempts, patience)
    return max(until - now, timedelta(0)) if until else timedelta(0)
