"""Which calls are at which phone, kept call by call: a busy hour has very many facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kernel.ids import CallId, Endpoint


class CallsAtPhones:
    def __init__(self) -> None:
        self._phones: dict[CallId, Sequence[Endpoint]] = {}
        self._calls: dict[Endpoint, dict[CallId, None]] = {}

    def put(self, call_id: CallId, phones: Sequence[Endpoint]) -> set[Endpoint]:
        """The call has these phones now. Returns them and those that it had before."""
        before = self._phones.pop(call_id, ())
        for endpoint in before:
            self._calls[endpoint].pop(call_id, None)
        for endpoint in phones:
            self._calls.setdefault(endpoint, {})[call_id] = None
        if phones:
            self._phones[call_id] = phones
        return {*before, *phones}

    def at(self, endpoint: Endpoint) -> Iterable[CallId]:
        return self._calls.get(endpoint, {})
