"""Every department is known to the tools that guard it: a new room cannot be forgotten."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRIVATE_ROOMS = ("core", "adapters")
NOT_PRODUCT = {"tests", "bench"}

with (ROOT / "pyproject.toml").open("rb") as file:
    TOOLS: dict[str, Any] = tomllib.load(file)["tool"]

PACKAGES = sorted(
    path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name not in NOT_PRODUCT
)
ROOMS = [
    f"{package}.{room}"
    for package in PACKAGES
    for room in PRIVATE_ROOMS
    if any((ROOT / package / room).glob("*.py"))
]


def test_import_contracts_know_every_package() -> None:
    assert sorted(TOOLS["importlinter"]["root_packages"]) == PACKAGES


def test_style_check_knows_every_package_as_ours() -> None:
    assert set(PACKAGES) <= set(TOOLS["ruff"]["lint"]["isort"]["known-first-party"])


@pytest.mark.parametrize("room", ROOMS)
def test_core_and_adapters_are_private(room: str) -> None:
    protected = [
        module
        for contract in TOOLS["importlinter"]["contracts"]
        if contract["type"] == "protected"
        for module in contract["protected_modules"]
    ]
    assert room in protected


@pytest.mark.parametrize(
    "folder",
    sorted(
        {p.parent for package in PACKAGES for p in (ROOT / package).rglob("*.py")},
        key=str,
    ),
    ids=lambda folder: str(folder.relative_to(ROOT)),
)
def test_every_folder_of_modules_is_a_package(folder: Path) -> None:
    # import-linter does not see a folder without __init__.py, and its contracts would say nothing.
    assert (folder / "__init__.py").exists()
