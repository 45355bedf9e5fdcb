"""What the house style can be measured by, and what must not stand in the repository."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 600
LONGEST_FUNCTION = 80
ITSELF = Path(__file__).resolve().relative_to(ROOT)


def _tracked() -> list[Path]:
    """All files of the repository; an archive without git has none of the untracked ones."""
    git = shutil.which("git")
    assert git, "git is needed to list the repository's files"
    listed = subprocess.run(
        [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    return [f for f in files if f.is_file()]


TRACKED = _tracked()
PYTHON = [f for f in TRACKED if f.suffix == ".py"]


def _texts() -> Iterator[tuple[Path, str]]:
    for path in TRACKED:
        body = path.read_bytes()
        if b"\0" not in body and path.relative_to(ROOT) != ITSELF:
            yield path.relative_to(ROOT), body.decode()


def _lines_with(pattern: str) -> list[str]:
    found = re.compile(pattern)
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path, text in _texts()
        for number, line in enumerate(text.splitlines(), 1)
        if found.search(line)
    ]


def test_no_module_is_longer_than_the_house_allows() -> None:
    lengths = {str(f.relative_to(ROOT)): len(f.read_text().splitlines()) for f in PYTHON}
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_the_house_allows() -> None:
    too_long = []
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    too_long.append(f"{path.relative_to(ROOT)}:{node.lineno}: {length} lines")
    assert too_long == []


def test_no_typescript_module_is_longer_than_the_house_allows() -> None:
    sources = [f for f in TRACKED if f.suffix == ".ts"]
    lengths = {str(f.relative_to(ROOT)): len(f.read_text().splitlines()) for f in sources}
    assert lengths
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_no_python_stands_under_config() -> None:
    assert [f for f in PYTHON if f.is_relative_to(ROOT / "config")] == []


def test_no_registry_host_is_named() -> None:
    hosts = r"registry\.npmjs|files\.pythonhosted|pypi\.org|--index-url|--registry"
    assert _lines_with(hosts) == []


def test_no_address_of_a_package_stands_in_a_lock() -> None:
    for path, text in _texts():
        if ".lock" in path.suffixes or path.name == "package-lock.json":
            assert "://" not in re.sub(r'"(url|funding)": ?"[^"]*"', "", text), path


def test_no_path_of_one_machine_is_named() -> None:
    assert _lines_with(r"(?<![\w.$}])/(work|home/\w+|root)/") == []


def test_nothing_is_left_for_later() -> None:
    assert _lines_with(r"\b(TODO|FIXME|HACK)\b|pragma: no cover") == []


def test_no_test_is_switched_off() -> None:
    # A comparison with material that is not part of the project needs that material.
    allowed = ("not beside this project", "not on this machine")
    skipping = _lines_with(r"pytest\.(skip|xfail|importorskip)\b|mark\.(skip|skipif|xfail)\b")
    assert [line for line in skipping if not any(words in line for words in allowed)] == []


def test_no_secret_stands_in_the_repository() -> None:
    private_key = r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    password_hash = r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$\w|\$2b\$"
    assert _lines_with(f"{private_key}|{password_hash}") == []
    names = {f.name for f in TRACKED}
    assert not [n for n in names if n.endswith((".pem", ".key", ".p12", ".db")) or n == ".env"]


def test_browser_modules_never_write_html() -> None:
    writers = r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b"
    runners = r"\beval\(|new Function\("
    found = _lines_with(f"{writers}|{runners}")
    assert [line for line in found if line.startswith("frontend/src/")] == []


TEMPLATES = [f for f in TRACKED if f.suffix == ".html"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_template_has_nothing_that_the_content_policy_refuses(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"<[^>]*\s(?:style|on[a-z]+)\s*=", text) == []
    assert re.findall(r"<style\b", text) == []
    assert [t for t in re.findall(r"<script\b[^>]*>", text) if " src=" not in t] == []
    # `|safe` would let a text of the city or a citizen become markup.
    assert re.findall(r"\|\s*safe\b|Markup\(|autoescape false", text) == []


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "--no-logo", "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
