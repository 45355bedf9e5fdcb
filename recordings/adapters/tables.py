"""Tables of the recordings: a row for each call, who talked in it, what was said, the messages that
were left, who listened."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class RecordingRow(Base):
    __tablename__ = "recordings"
    __table_args__ = (
        Index("ix_recordings_started_at_call_id", "started_at", "call_id"),
        Index("ix_recordings_ani_started_at", "ani", "started_at"),
        Index("ix_recordings_team_started_at", "team", "started_at"),
        Index("ix_recordings_status_ended_at", "status", "ended_at"),
    )

    call_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime())
    status: Mapped[str] = mapped_column(String(16))
    ani: Mapped[str] = mapped_column(String(32), default="")
    dnis: Mapped[str] = mapped_column(String(32), default="")
    line_name: Mapped[str | None] = mapped_column(String(80))
    team: Mapped[str | None] = mapped_column(String(32))
    agent_id: Mapped[str | None] = mapped_column(String(32))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    connected_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    score: Mapped[int | None] = mapped_column(Integer)
    file_name: Mapped[str | None] = mapped_column(String(160))
    duration_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str | None] = mapped_column(String(64))
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    caller_level_dbfs: Mapped[float | None] = mapped_column(Float)
    operator_level_dbfs: Mapped[float | None] = mapped_column(Float)
    fault: Mapped[str | None] = mapped_column(String(200))
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    # A recording that is needed as evidence is held back from any later deletion.
    held_by: Mapped[str | None] = mapped_column(String(64))
    held_reason: Mapped[str | None] = mapped_column(String(200))
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class RecordingAgentRow(Base):
    """Everyone who talked in a call, so that a transferred call is found by each of them."""

    __tablename__ = "recording_agents"
    __table_args__ = (Index("ix_recording_agents_agent_id_call_id", "agent_id", "call_id"),)

    call_id: Mapped[str] = mapped_column(
        String(100), ForeignKey("recordings.call_id", ondelete="CASCADE"), primary_key=True
    )
    agent_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime())


class UtteranceRow(Base):
    """What one side said. One side says one thing at a time, so its beginning is its name."""

    __tablename__ = "recording_utterances"

    call_id: Mapped[str] = mapped_column(
        String(100), ForeignKey("recordings.call_id", ondelete="CASCADE"), primary_key=True
    )
    side: Mapped[str] = mapped_column(String(16), primary_key=True)
    from_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    to_ms: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(String(400))
    confidence_fraction: Mapped[float] = mapped_column(Float)


class MessageRow(Base):
    """A message that was left, whose audio is the call's recording: how far its words are written
    down. It goes with the recording, as its words do."""

    __tablename__ = "recording_messages"
    __table_args__ = (Index("ix_recording_messages_state_again_at", "state", "again_at"),)

    call_id: Mapped[str] = mapped_column(
        String(100), ForeignKey("recordings.call_id", ondelete="CASCADE"), primary_key=True
    )
    left_at: Mapped[datetime] = mapped_column(UtcDateTime())
    language: Mapped[str] = mapped_column(String(8))
    team: Mapped[str | None] = mapped_column(String(32))
    spoken_ms: Mapped[int] = mapped_column(BigInteger)
    again_at: Mapped[datetime] = mapped_column(UtcDateTime())
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer)
    from_ms: Mapped[int | None] = mapped_column(BigInteger)
    written_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class ListeningRow(Base):
    """One listening. It outlives the recording, so it refers to the call by its id alone."""

    __tablename__ = "listening_log"
    __table_args__ = (Index("ix_listening_log_call_id_at", "call_id", "at"),)

    listening_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    call_id: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    from_s: Mapped[float] = mapped_column(Float)
    act: Mapped[str] = mapped_column(String(16))
