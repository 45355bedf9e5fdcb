"""The shelf of installed models: one folder for each, and a list of who understands what."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kernel.errors import ConfigurationError, NotFound
from kernel.language import Language
from speech.core.model import TEXTS, WORDS, BadModel, Facts, model_name
from speech.ports import Installed

LIST = "models.json"
BEGINNING = 18


class FolderShelf:
    """Fills `speech.ports.ModelShelf`. Whoever writes holds the lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def edition(self) -> str:
        try:
            found = (self._folder / LIST).stat()
        except FileNotFoundError:
            return "none"
        return f"{found.st_mtime_ns}-{found.st_ino}-{found.st_size}"

    def models(self) -> tuple[Installed, ...]:
        path = self._folder / LIST
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))["models"]
            return tuple(self._installed(row) for row in rows)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError, BadModel) as error:
            raise ConfigurationError(
                f"{path} is damaged ({type(error).__name__}: {error}); install the models anew."
            ) from error

    def _installed(self, row: dict[str, object]) -> Installed:
        name, languages = model_name(str(row["name"])), row["languages"]
        if not isinstance(languages, list):
            raise TypeError("languages is no list")
        return Installed(
            name=name,
            folder=self._folder / name,
            languages=tuple(Language(text) for text in languages),
            rate=int(str(row["rate"])),
            sha256=str(row["sha256"]),
            load_fraction=float(str(row["load_fraction"])),
        )

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A folder on the same disk for what is being checked; gone afterwards."""
        self._folder.mkdir(parents=True, exist_ok=True)
        made = self._folder / f".new-{secrets.token_hex(4)}"
        made.mkdir()
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def put(self, prepared: Path, model: Installed) -> None:
        """Move a checked folder into its place. Its languages are its own from now on, and a model
        that has none left stays on the shelf."""
        with self._locked():
            place = self._folder / model.name
            old = self._folder / f".old-{secrets.token_hex(4)}"
            if place.exists():
                place.rename(old)
            prepared.rename(place)
            others = [
                replace(m, languages=tuple(x for x in m.languages if x not in model.languages))
                for m in self.models()
                if m.name != model.name
            ]
            self._write([*others, model])
            shutil.rmtree(old, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Raises NotFound."""
        with self._locked():
            models = self.models()
            if name not in {m.name for m in models}:
                raise NotFound(f"no model named {name[:80]} is installed")
            self._write([m for m in models if m.name != name])
            shutil.rmtree(self._folder / name, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, models: list[Installed]) -> None:
        rows = [
            {
                "name": m.name,
                "languages": [language.value for language in m.languages],
                "rate": m.rate,
                "sha256": m.sha256,
                "load_fraction": m.load_fraction,
            }
            for m in sorted(models, key=lambda m: m.name)
        ]
        waiting = self._folder / f"{LIST}.new"
        text = json.dumps({"models": rows}, ensure_ascii=False, indent=1)
        waiting.write_text(text + "\n", encoding="utf-8")
        os.replace(waiting, self._folder / LIST)


def words_in(folder: Path, wanted: frozenset[str]) -> frozenset[str]:
    """Those of `wanted` that the model in this folder can write down; small letters count as
    capitals do. Raises OSError."""
    with (folder / WORDS).open(encoding="utf-8", errors="replace") as lines:
        found = (line.split(maxsplit=1) for line in lines)
        return frozenset(word for parts in found if parts and (word := parts[0].lower()) in wanted)


def facts_of(folder: Path) -> Facts:
    """What `speech.core.model` judges."""
    files = {p.relative_to(folder).as_posix(): p.stat().st_size for p in folder.rglob("*")}
    return Facts(
        files=files,
        texts={
            name: (folder / name).read_text(errors="replace") for name in TEXTS if name in files
        },
        beginnings={
            name: _beginning(folder / name)
            for name in files
            if name == "am/final.mdl" or name.startswith("graph/") and name.endswith(".fst")
        },
    )


def _beginning(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(BEGINNING)
