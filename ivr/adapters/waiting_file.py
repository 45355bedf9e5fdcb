"""What waiting callers may choose, read from `config/ivr/waiting.yaml`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ivr.adapters.marked_yaml import Value, read
from ivr.core.waiting import WaitingRules

_GROUPS = frozenset({"callback", "message", "announce", "dialogue"})
_SECONDS_A_DAY = 86_400


def load_waiting(path: Path) -> WaitingRules:
    """Raises ConfigurationError: `file:line: what is wrong`, at the first mistake."""
    groups = read(path).fields(_GROUPS, frozenset())
    callback = groups["callback"].fields(frozenset({"key", "always"}), frozenset())
    announce = groups["announce"].fields(frozenset({"after_s", "every_s"}), frozenset())
    dialogue = groups["dialogue"].fields(
        frozenset({"key_timeout_s", "number_timeout_s", "tries"}), frozenset()
    )
    message = groups["message"].fields(
        frozenset({"key", "always", "shortest_s", "silence_s", "longest_s"}), frozenset()
    )
    if message["key"].text() == callback["key"].text():
        raise message["key"].wrong("the key of a callback cannot be that of a message, too")
    return WaitingRules(
        callback_key=_key(callback["key"]),
        callback_always=_yes_or_no(callback["always"]),
        announce_after=_seconds(announce["after_s"], 0, _SECONDS_A_DAY),
        announce_every=_seconds(announce["every_s"], 30, _SECONDS_A_DAY),
        key_timeout=_seconds(dialogue["key_timeout_s"], 2, 20),
        number_timeout=_seconds(dialogue["number_timeout_s"], 2, 20),
        tries=int(dialogue["tries"].number(1, 5)),
        message_key=_key(message["key"]),
        message_always=_yes_or_no(message["always"]),
        message_shortest=_seconds(message["shortest_s"], 1, 30),
        message_silence=_seconds(message["silence_s"], 2, 30),
        message_longest=_seconds(message["longest_s"], 10, 600),
    )


def _key(value: Value) -> str:
    text = value.text()
    if len(text) != 1 or text not in "123456789":
        raise value.wrong(f"{text!r} is no key from 1 to 9")
    return text


def _yes_or_no(value: Value) -> bool:
    text = value.text()
    if text not in ("true", "false"):
        raise value.wrong(f"{text!r} is neither true nor false")
    return text == "true"


def _seconds(value: Value, least: float, most: float) -> timedelta:
    return timedelta(seconds=value.number(least, most))
