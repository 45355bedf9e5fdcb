"""How many callers one worker listens to at most. Pure."""

from __future__ import annotations

LEAST, MOST = 2, 200
CORES_FRACTION = 0.7
"""The rest is the telephone's and the platform's."""


def streams(load_fraction: float, cores: int) -> int:
    """`load_fraction`: of one core, what one stream takes in real time."""
    fitting = cores * CORES_FRACTION
    if load_fraction * MOST <= fitting:
        return MOST
    return max(LEAST, int(fitting / load_fraction))
