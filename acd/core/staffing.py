"""How many operators a load needs, and what a number of operators carries: Erlang B, C and A.

Formulas only: nothing here knows the floor. All take *offered* load; calls come by chance (Poisson)
and handle times are exponential. Erlang C supposes that nobody hangs up and so promises too little
near saturation; Erlang A counts the callers who lose patience. `python -m bench.quality` compares
both with the simulator.

Sources: A. K. Erlang 1917; C. Palm 1946; Mandelbaum and Zeltyn, "Service engineering in action: the
Palm/Erlang-A queue" (2007), for the waiting time. The table that the tests repeat to the digit is
C3 of the performance notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp, inf, log, log1p

_HOUR_S = 3600.0
_NEVER = 1e-250
"""A chance so small that its reciprocal leaves the range of floats counts as none."""


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in. `handle_time` is talk, hold and wrap-up together, on average.

    Raises:
        ValueError: a negative rate, or a handle time that is not positive.
    """

    calls_per_hour: float
    handle_time: timedelta

    def __post_init__(self) -> None:
        if self.calls_per_hour < 0 or self.handle_time <= timedelta(0):
            raise ValueError("a load needs a rate of at least 0 and a handle time above 0")

    @property
    def erlangs(self) -> float:
        """Operators busy on average if none were missing: rate x handle time."""
        return self.calls_per_hour / _HOUR_S * self.handle_time.total_seconds()


@dataclass(frozen=True, slots=True)
class Goal:
    """`level` (0..1) of the calls answered `within` that time; 95/15 is `Goal(0.95, 15 s)`."""

    level: float
    within: timedelta


# --- Erlang B: nobody waits -----------------------------------------------------------------


def erlang_b(erlangs: float, servers: int) -> float:
    """Part (0..1) of the calls that find all `servers` (trunks, agents) busy and are lost.

    Formula: B(0) = 1, B(n) = a B(n-1) / (n + a B(n-1)), stable for any size.
    """
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = erlangs * blocked / (n + erlangs * blocked)
    return blocked


def required_trunks(erlangs: float, blocking: float) -> int:
    """The least number of trunks that lose at most the part `blocking` (above 0) of the calls."""
    blocked, trunks = 1.0, 0
    while blocked > blocking:
        trunks += 1
        blocked = erlangs * blocked / (trunks + erlangs * blocked)
    return trunks


# --- Erlang C: everybody waits as long as it takes -------------------------------------------


def erlang_c(erlangs: float, agents: int) -> float:
    """Part (0..1) of the calls that have to wait; 1 when the load is not less than the agents.

    Formula: C = B / (1 - (a/n)(1 - B)).
    """
    if erlangs >= agents:
        return 1.0
    blocked = erlang_b(erlangs, agents)
    return blocked / (1 - erlangs / agents * (1 - blocked))


def service_level(load: Load, agents: int, within: timedelta) -> float:
    """Part (0..1) of the calls answered within the time; 0 when the line grows without end.

    Formula: 1 - C e^(-(n - a) T / handle time).
    """
    spare = agents - load.erlangs
    if spare <= 0:
        return 0.0
    return 1 - erlang_c(load.erlangs, agents) * exp(-spare * (within / load.handle_time))


def average_speed_of_answer_s(load: Load, agents: int) -> float:
    """Seconds a caller waits on average, those answered at once included; may be infinite.

    Formula: C x handle time / (n - a).
    """
    spare = agents - load.erlangs
    if spare <= 0:
        return inf
    return erlang_c(load.erlangs, agents) * load.handle_time.total_seconds() / spare


def occupancy(load: Load, agents: int) -> float:
    """Part (0..1) of their time that the agents are busy if nobody hangs up: a / n, at most 1."""
    return min(load.erlangs / agents, 1.0)


def required_agents(load: Load, goal: Goal) -> int:
    """The least number of agents who reach the goal."""
    agents = int(load.erlangs) + 1
    while service_level(load, agents, goal.within) < goal.level:
        agents += 1
    return agents


def carried_calls_per_hour(agents: int, handle_time: timedelta, goal: Goal) -> float:
    """The most calls an hour with which so many agents still reach the goal (by halving, exact to
    a millionth of a call)."""
    low, high = 0.0, agents * _HOUR_S / handle_time.total_seconds()
    while high - low > 1e-6:
        middle = (low + high) / 2
        if service_level(Load(middle, handle_time), agents, goal.within) >= goal.level:
            low = middle
        else:
            high = middle
    return low


# --- Erlang A: callers lose patience ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Impatient:
    """What Erlang A tells of a load. Fractions 0..1 are of all calls; `waiting` is how many wait
    on average, `wait_s` how long a caller waits on average, answered or not."""

    wait_fraction: float
    abandon_fraction: float
    answered_within_fraction: float
    wait_s: float
    waiting: float
    occupancy: float


def erlang_a(load: Load, agents: int, patience: timedelta, within: timedelta) -> Impatient:
    """Figures for callers whose patience is exponential with the mean `patience`.

    Formula: with rate l, service u = 1/handle time, patience rate h and E = 1 / B(n-1, a), the
    time that a caller without end of patience would wait has the density l e^(l H(x) - n u x) / D
    for x > 0, H(x) = (1 - e^(-hx)) / h, D = E + l J, J its integral without l / D. Then
    P(wait) = l J / D, P(abandon) = (1 + (l - n u) J) / D, and "answered within T" adds what is
    served at once to the integral of density x e^(-hx) up to T.
    Source: Mandelbaum and Zeltyn 2007, M/M/n+G with exponential patience.

    Raises:
        ValueError: no agents, or a load or patience that is not above 0.
    """
    if agents < 1 or load.calls_per_hour <= 0 or patience <= timedelta(0):
        raise ValueError("Erlang A needs agents, calls and patience")
    rate = load.calls_per_hour / _HOUR_S
    service = agents / load.handle_time.total_seconds()
    wait = _Wait(rate, service, 1 / patience.total_seconds())
    blocked = erlang_b(load.erlangs, agents - 1)
    if blocked < _NEVER:
        return Impatient(0.0, 0.0, 1.0, 0.0, 0.0, load.erlangs / agents)
    at_once = 1 / blocked
    # All in logarithms: at ten times the load the integrals exceed the largest float.
    whole = log(rate) + wait.integral(0.0, 0)
    norm = _log_sum(whole, log(at_once))
    waited = exp(whole - norm)
    abandoned = exp(-norm) + (rate - service) / rate * waited
    served = log(rate) - norm
    within_s = within.total_seconds()
    # The difference of two nearly equal numbers may come out a hair below nothing.
    served_waiting = max(
        exp(served + wait.integral(0.0, 1)) - exp(served + wait.integral(within_s, 1)), 0.0
    )
    wait_s = abandoned * patience.total_seconds()
    return Impatient(
        wait_fraction=waited,
        abandon_fraction=abandoned,
        answered_within_fraction=exp(log(at_once) - norm) + served_waiting,
        wait_s=wait_s,
        waiting=rate * wait_s,
        occupancy=min(load.erlangs * (1 - abandoned) / agents, 1.0),
    )


@dataclass(frozen=True, slots=True)
class _Wait:
    """Integrals over the waiting time's density. Rates per second: of calls, of all agents
    together, and of giving up."""

    rate: float
    service: float
    giving_up: float

    def integral(self, begin_s: float, patient: int) -> float:
        """Logarithm of the integral from `begin_s` of e^(l H(x) - n u x), times e^(-hx) for
        `patient` = 1 (still there).

        With y = e^(-h begin) it is an incomplete gamma function, and so the series
        e^(l/h (1 - y)) y^c / h x sum of (l y / h)^k / (c (c+1) ... (c+k)), c = n u / h + patient:
        positive terms, nothing cancels.
        """
        load, c = self.rate / self.giving_up, self.service / self.giving_up + patient
        left = exp(-self.giving_up * begin_s)
        return (
            load * (1 - left)
            - c * self.giving_up * begin_s
            + _log_series(c, load * left)
            - log(self.giving_up)
        )


def _log_series(c: float, x: float) -> float:
    """Logarithm of the sum over k of x^k / (c (c+1) ... (c+k))."""
    scale, term, total, k = -log(c), 1.0, 1.0, 0
    while term > total * 1e-17:
        k += 1
        term *= x / (c + k)
        total += term
        if total > 1e200:
            scale, term, total = scale + log(total), term / total, 1.0
    return scale + log(total)


def _log_sum(a: float, b: float) -> float:
    """Logarithm of e^a + e^b."""
    return max(a, b) + log1p(exp(-abs(a - b)))
