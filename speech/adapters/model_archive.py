"""A model comes in: a folder, a zip or a tar file, from disk or from an address.

Nothing of an archive is believed: no path leads out of the folder, only plain files are written,
and their number and size have a limit.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import tarfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from kernel.errors import BadInput, Unavailable
from speech.core.model import ALWAYS

MOST_BYTES = 4 * 1024**3
MOST_FILES = 2000
BLOCK = 1024 * 1024
ANSWER_WITHIN_S = 30

Progress = Callable[[str, int, int], None]
"""Called with (what, bytes done, bytes in all or 0)."""
Member = tuple[str, IO[bytes]]


def is_address(source: str) -> bool:
    return urllib.parse.urlsplit(source).scheme in ("http", "https")


def fetch(address: str, target: Path, sha256: str, report: Progress) -> None:
    """Download to `target`. Raises BadInput, Unavailable."""
    if urllib.parse.urlsplit(address).scheme != "https" and not sha256:
        raise BadInput("an address that is not https needs --sha256", "sha256")
    try:
        with (
            # The scheme was checked by `is_address`.
            urllib.request.urlopen(address, timeout=ANSWER_WITHIN_S) as answer,
            target.open("wb") as out,
        ):
            _copy(answer, out, lambda done: report("download", done, answer.length or 0))
    except (urllib.error.URLError, OSError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise Unavailable(f"the model could not be downloaded: {error}") from error


def digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names."""
    made = hashlib.sha256()
    for each in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        if each != path:
            made.update(each.relative_to(path).as_posix().encode() + b"\0")
        with each.open("rb") as opened:
            while block := opened.read(BLOCK):
                made.update(block)
    return made.hexdigest()


def unpack(source: Path, target: Path, report: Progress) -> Path:
    """Write the files of `source` under `target`; the folder of the model in it.

    Raises BadInput when it is no archive, holds no model, or something that must not be written.
    """
    target.mkdir(parents=True)
    try:
        with _members(source) as members:
            _write(members, target, report)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        raise BadInput(f"the model cannot be read: {error}") from error
    roots = [p for p in (target, *target.iterdir()) if (p / ALWAYS[0]).is_file()]
    if not roots:
        raise BadInput(f"there is no model in it: {ALWAYS[0]} is missing")
    return roots[0]


@contextmanager
def _members(source: Path) -> Iterator[Iterator[Member]]:
    if source.is_dir():
        yield _of_folder(source)
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as opened:
            yield _of_zip(opened)
    elif source.is_file() and tarfile.is_tarfile(source):
        with tarfile.open(source) as packed:
            yield _of_tar(packed)
    else:
        raise BadInput("this is no folder, zip or tar file")


def _of_folder(source: Path) -> Iterator[Member]:
    for path in sorted(source.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput(f"{path.name} is no plain file")
        if path.is_file():
            yield path.relative_to(source).as_posix(), path.open("rb")


def _of_zip(opened: zipfile.ZipFile) -> Iterator[Member]:
    for info in opened.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or info.flag_bits & 1:
            raise BadInput(f"{info.filename[:80]} is no plain file")
        if not info.is_dir():
            yield info.filename, opened.open(info)


def _of_tar(packed: tarfile.TarFile) -> Iterator[Member]:
    for info in packed:
        if not (info.isreg() or info.isdir()):
            raise BadInput(f"{info.name[:80]} is no plain file")
        body = packed.extractfile(info) if info.isreg() else None
        if body is not None:
            yield info.name, body


def _write(members: Iterator[Member], target: Path, report: Progress) -> None:
    total = 0

    def copied(done: int) -> None:
        report("unpack", total + done, 0)

    for number, (name, source) in enumerate(members, start=1):
        with source:
            if number > MOST_FILES:
                raise BadInput("the model has too many files")
            path = target / _safe(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:
                total += _copy(source, out, copied, total)


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts:
        raise BadInput(f"{name[:80]!r} would be written outside the model")
    return path


def _copy(source: IO[bytes], out: IO[bytes], report: Callable[[int], None], before: int = 0) -> int:
    """Bytes written. What a header says of the size is not believed."""
    done = 0
    while block := source.read(BLOCK):
        done += len(block)
        if before + done > MOST_BYTES:
            raise BadInput("the model is too large")
        out.write(block)
        report(done)
    return done


def discard(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
