"""Secrets of this installation: one random master key on disk, everything else derived from it."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from hotline.settings import Settings

DEMO_SECRET = "demo"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Secrets:
    """Derives named secrets. The key file is made once, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._key = _read_or_make(folder / "master.key")

    def derive(self, name: str) -> str:
        """64 hexadecimal characters, the same for the same name and installation."""
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()

    def password(self, name: str) -> str:
        """A password to be typed by a person: 12 characters without look-alikes, 59 bits."""
        digest = hmac.new(self._key, name.encode(), hashlib.sha256).digest()
        value = int.from_bytes(digest)
        letters = []
        for _ in range(12):
            value, index = divmod(value, len(_ALPHABET))
            letters.append(_ALPHABET[index])
        return "".join(letters)


def demo_password(settings: Settings) -> str:
    """The password of every demo account of this installation."""
    return Secrets(settings.secrets_dir).password(DEMO_SECRET)


def _read_or_make(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text().strip())
    with os.fdopen(descriptor, "w") as file:
        key = os.urandom(32)
        file.write(key.hex())
    return key
