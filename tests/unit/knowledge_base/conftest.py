"""Hypothesis without a time limit for one example: a busy machine measures its neighbours."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("any_machine", deadline=None)
settings.load_profile("any_machine")
