"""The JSON of the recordings' API."""

from __future__ import annotations

from pydantic import BaseModel, Field


class PeaksAnswer(BaseModel):
    """The waveform: for each side one number (0..255) per window, oldest first."""

    window_ms: int
    duration_s: float
    caller: list[int]
    operator: list[int]


class PlayedRequest(BaseModel):
    """A playback began at this second of the recording."""

    from_s: float = Field(ge=0, le=200_000)
