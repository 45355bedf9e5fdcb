"""JSON of the distribution's routes."""

from __future__ import annotations

from pydantic import BaseModel, Field


class PlanOrderIn(BaseModel):
    """A supervisor starts or ends a plan, and why."""

    reason: str = Field(max_length=400)
