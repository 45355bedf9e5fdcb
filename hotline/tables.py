"""All tables of all departments on one metadata, for migrations and their proof."""

from __future__ import annotations

import importlib

from kernel.infra.database import metadata

DEPARTMENTS = (
    "directory",
    "cti",
    "acd",
    "workorders",
    "knowledge_base",
    "recordings",
    "feedback",
    "callbacks",
    "ivr",
)

importlib.import_module("kernel.infra.term")
for department in DEPARTMENTS:
    importlib.import_module(f"{department}.adapters.tables")

__all__ = ["DEPARTMENTS", "metadata"]
