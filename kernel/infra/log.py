"""Structured logs: an event verb, fields, and every number masked before it is written."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from kernel.phone import mask_in_text

Logger = structlog.stdlib.BoundLogger
# Times and identifiers hold long digit runs that are not telephone numbers.
_NOT_NUMBERS = frozenset({"call_id", "offer_id", "event_id", "timestamp", "case_number", "pid"})


def mask_numbers(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Processor: mask digit runs in every text field that is not a known identifier."""
    for key, value in event.items():
        if isinstance(value, str) and key not in _NOT_NUMBERS:
            event[key] = mask_in_text(value)
    return event


def configure(*, json: bool, level: str = "INFO") -> None:
    """Send structured logs to standard error; standard library loggers join in."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_numbers,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("uvicorn.access", "alembic"):
        logging.getLogger(chatty).setLevel("WARNING")


def get(name: str) -> Logger:
    """A logger; call it as `log.info("call_offered", call_id=..., agent_id=...)`."""
    logger: Logger = structlog.stdlib.get_logger(name)
    return logger
