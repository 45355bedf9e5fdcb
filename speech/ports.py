"""What this department needs: a recogniser, a worker's process, a log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kernel.language import Language
from speech.core.result import Utterance
from speech.core.wire import Order, Report


class Recogniser(Protocol):
    """Listens to one stream. Blocking, and used by one thread at a time.

    Audio is 16-bit little-endian mono at 16 kHz. Every method raises RecogniserFailed.
    """

    def accept(self, audio: bytes) -> Utterance | None:
        """Take in some audio; the utterance that ended with it. One in which nothing was said ends
        every few seconds of silence: it is empty, and no answer."""

    def partial(self) -> Utterance:
        """What was understood so far of the utterance that goes on."""

    def final(self) -> Utterance:
        """End the utterance here; the next audio begins another."""


class RecogniserFailed(Exception):
    """The recogniser is of no use any more."""


class Recognisers(Protocol):
    """One model, shared by all its recognisers."""

    def new(self) -> Recogniser:
        """Blocking. Raises RecogniserFailed."""


class WorkerProcess(Protocol):
    """A running worker, seen from the platform."""

    @property
    def pid(self) -> int: ...

    def send(self, order: Order) -> None:
        """Never blocks and never raises: a worker that does not read is found by its beats."""

    def reports(self) -> AsyncIterator[Report]:
        """What it says, until it has ended. Raises `speech.core.wire.Garbled`."""

    def kill(self) -> None:
        """Never raises; its reports end."""

    async def end(self) -> str:
        """Kill it if it lives; how it ended, in a few words."""


class WorkerStarter(Protocol):
    """Starts the worker of one model."""

    async def __call__(self) -> WorkerProcess:
        """Raises OSError."""


class Log(Protocol):
    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...

    def error(self, event: str, **fields: object) -> object: ...


NewKey = Callable[[], str]
"""Makes the text form of a random UUID: a secret, used once."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on the shelf. `load_fraction`: of one core, what one stream in real time took when
    it was tried."""

    name: str
    folder: Path
    languages: tuple[Language, ...]
    rate: int
    sha256: str
    load_fraction: float


class ModelShelf(Protocol):
    """The installed models. Blocking."""

    def edition(self) -> str:
        """Another text after each change; cheap."""

    def models(self) -> tuple[Installed, ...]:
        """By name; each language belongs to one model at most. Raises ConfigurationError when the
        list is damaged."""
