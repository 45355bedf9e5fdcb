"""Sessions in a dictionary (port `directory.ports.SessionStore`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from directory.ports import SessionRecord


class DictSessionStore:
    def __init__(self) -> None:
        self.sessions: dict[str, SessionRecord] = {}
        self.reads = 0
        self.touches = 0

    async def begin(self, session: SessionRecord) -> None:
        self.sessions[session.token_hash] = session

    async def find(self, token_hash: str) -> SessionRecord | None:
        self.reads += 1
        return self.sessions.get(token_hash)

    async def touch(self, token_hash: str, now: datetime) -> None:
        self.touches += 1
        session = self.sessions.get(token_hash)
        if session is not None and session.times.last_seen_at < now:
            times = replace(session.times, last_seen_at=now)
            self.sessions[token_hash] = replace(session, times=times)

    async def end(self, token_hash: str) -> None:
        self.sessions.pop(token_hash, None)

    async def end_all(self, account: str) -> None:
        self.sessions = {k: s for k, s in self.sessions.items() if s.account != account}

    async def purge(self, now: datetime) -> None:
        self.sessions = {k: s for k, s in self.sessions.items() if s.times.expires_at > now}
