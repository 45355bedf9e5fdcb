"""Languages of numbers, in a dictionary (port `ivr.ports.CallerMemory`)."""

from __future__ import annotations

from kernel.language import Language
from kernel.phone import PhoneNumber


class DictCallerMemory:
    def __init__(self, known: dict[str, Language] | None = None) -> None:
        self.known = dict(known or {})

    def language(self, ani: PhoneNumber) -> Language | None:
        return self.known.get(ani.digits)

    def remember(self, ani: PhoneNumber, language: Language) -> None:
        if not ani.anonymous:
            self.known[ani.digits] = language
