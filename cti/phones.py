"""Which phones can be reached, and what each does: followed from reports, told as facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cti.core.read_back import Truth
from cti.core.reports import ContactMoved, PhoneUsed
from kernel import telephony as tel
from kernel.ids import Endpoint


class Phones:
    """Owned by the telephone line's task. `emit` tells a fact, `now` is the clock."""

    def __init__(
        self, emit: Callable[[tel.TelephonyFact], None], now: Callable[[], datetime]
    ) -> None:
        self._emit = emit
        self._now = now
        self._reachable: set[Endpoint] = set()
        self._addresses: dict[Endpoint, str] = {}
        self._uses: dict[Endpoint, tel.PhoneUse] = {}
        self._changes: dict[Endpoint, int] = {}

    def reachable(self, endpoint: Endpoint) -> bool:
        """Whether this phone is registered, as far as is known."""
        return endpoint in self._reachable

    def restore(self, found: Truth) -> None:
        """The whole truth after a reconnect; `LineRestored` tells it."""
        self._reachable = set(found.reachable)
        self._addresses.clear()
        self._uses = dict(found.phones)

    def hear(self, report: ContactMoved | PhoneUsed) -> None:
        """A registration came or went, or the phone does something else."""
        if isinstance(report, ContactMoved):
            self._moved(report)
        else:
            self._used(report)

    def _moved(self, moved: ContactMoved) -> None:
        # A phone that registers from a new address: Asterisk 22.10 may report the old contact
        # removed after the new one reachable.
        if moved.reachable:
            self._addresses[moved.endpoint] = moved.address
        elif self._addresses.get(moved.endpoint, moved.address) != moved.address:
            return
        if moved.reachable == (moved.endpoint in self._reachable):
            return
        (self._reachable.add if moved.reachable else self._reachable.discard)(moved.endpoint)
        self._emit(tel.EndpointChanged(moved.endpoint, moved.reachable, self._now()))

    def _used(self, report: PhoneUsed) -> None:
        self._changes[report.endpoint] = self.changes(report.endpoint) + 1
        if self._uses.get(report.endpoint) is not report.use:
            self._uses[report.endpoint] = report.use
            self._emit(tel.PhoneChanged(report.endpoint, report.use, self._now()))

    def changes(self, endpoint: Endpoint) -> int:
        """Counts the reports of this phone: a look that began at another count is out of date."""
        return self._changes.get(endpoint, 0)
