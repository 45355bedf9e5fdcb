"""The words for what the departments write into the audit trail as codes: each department's own."""

from __future__ import annotations

from callbacks.core.words import RESULT_NAMES
from directory.core.audit_words import Codes
from ivr.core.screening.words import KINDS, LEVELS
from workorders.core.words import STATE_NAMES

FORCED_STATES = {"ready": "就绪", "not_ready": "置忙", "logged_out": "签出"}

AUDIT_CODES: Codes = {
    "state": {**{state.value: name for state, name in STATE_NAMES.items()}, **FORCED_STATES},
    "result": {result.value: name for result, name in RESULT_NAMES.items()},
    "list": {kind.value: name for kind, name in KINDS.items()},
    "level": {**{words.value: words.name for words in LEVELS.values()}, "automatic": "恢复自动"},
}
