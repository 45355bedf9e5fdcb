"""What is wrong is said in one sentence, with exit code 1, and nothing has been started."""

from __future__ import annotations

import socket
import sqlite3
import sys
from pathlib import Path

import pytest

from hotline.cli import main
from hotline.one_instance import only_one
from kernel.errors import Unavailable
from tests.servers.process import free_port


def refusal(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: str,
    **environment: str,
) -> str:
    """Run `hotline COMMAND`; what it said, which is one sentence and no trace."""
    for name, value in environment.items():
        monkeypatch.setenv(f"HOTLINE_{name}", value)
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setattr(sys, "argv", ["hotline", command])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capfd.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("hotline: ") and said.count("\n") == 1, said
    assert "Traceback" not in said
    return said


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEB_PORT", "eight thousand"),
        ("SIP_PORT", "0"),
        ("AMI_PORT", "70000"),
        ("SYSTEM_NAME", "Guangzhou 1"),
        ("LOG_JSON", "perhaps"),
        ("REDIS_URL", "nonsense"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str,
    value: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert f"HOTLINE_{name}: " in refusal(monkeypatch, capfd, "run", **{name: value})


@pytest.mark.parametrize("address", ["nonsense", "oracle://somewhere/hotline"])
@pytest.mark.parametrize("command", ["migrate", "demo", "run"])
def test_an_address_that_is_no_database_is_refused_and_not_repeated(
    address: str,
    command: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    said = refusal(monkeypatch, capfd, command, DATABASE_URL=address, **free_ports())
    assert "database" in said and address not in said


@pytest.mark.parametrize("command", ["migrate", "demo", "run"])
def test_a_database_that_does_not_answer_is_said(
    command: str, data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        address = f"postgresql+asyncpg://hotline:secret@127.0.0.1:{nobody.getsockname()[1]}/hotline"
        said = refusal(monkeypatch, capfd, command, DATABASE_URL=address, **free_ports())
    assert "The database cannot be used" in said and "secret" not in said


def test_a_database_of_another_version_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    connection = sqlite3.connect(data / "hotline.db")
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.execute("INSERT INTO alembic_version VALUES ('directory')")
    connection.commit()
    connection.close()
    assert "hotline migrate" in refusal(monkeypatch, capfd, "run", **free_ports())


def test_a_folder_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    said = refusal(monkeypatch, capfd, "run", DATA_DIR=str(tmp_path / "file" / "data"))
    assert "data folder" in said


def test_two_hotlines_do_not_share_a_data_folder(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with only_one(data):
        said = refusal(monkeypatch, capfd, "run")
    assert "already running" in said and str(data) in said


def test_a_folder_is_free_again_when_its_hotline_has_ended(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(Unavailable), only_one(tmp_path):
        raise AssertionError("two at once")
    with only_one(tmp_path):
        pass


def test_a_taken_port_is_said_before_anything_is_started(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(
            monkeypatch, capfd, "run", **{**free_ports(), "ASTERISK_HTTP_PORT": str(port)}
        )
    assert f"127.0.0.1:{port} is already in use" in said and "HOTLINE_ASTERISK_HTTP_PORT" in said
    assert [path.name for path in data.iterdir()] == ["hotline.lock"]


def free_ports() -> dict[str, str]:
    """Ports that nobody holds, so that another hotline on this machine refuses nothing here."""
    names = ("WEB_PORT", "SIP_PORT", "ASTERISK_HTTP_PORT", "AMI_PORT", "AGI_PORT")
    return {name: str(free_port()) for name in names}
