"""Secrets are made once, kept private, and differ by name and installation."""

from __future__ import annotations

from pathlib import Path

from hotline.secrets import Secrets


def test_same_installation_derives_the_same_secret_again(tmp_path: Path) -> None:
    assert Secrets(tmp_path).derive("ami") == Secrets(tmp_path).derive("ami")


def test_names_and_installations_have_different_secrets(tmp_path: Path) -> None:
    one, other = Secrets(tmp_path / "a"), Secrets(tmp_path / "b")

    assert len({one.derive("ami"), one.derive("agi"), other.derive("ami")}) == 3


def test_key_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    Secrets(tmp_path)

    assert (tmp_path / "master.key").stat().st_mode & 0o077 == 0


def test_password_has_twelve_letters_without_look_alikes(tmp_path: Path) -> None:
    password = Secrets(tmp_path).password("demo")

    assert len(password) == 12
    assert not set(password) & set("il1o0")
