"""A changed configuration for an Asterisk that has callers: rehearsed, then read in by it.

Asterisk reads a bad file in with a complaint in its log and goes on with half of it: a dialplan
without the waiting loop, a phone that is gone. So a change is first tried by a second Asterisk, on
ports and in folders of its own, for about a second. Only what that one takes without a complaint
is written and read in; otherwise the old files stay, on disk and in use.
"""

from __future__ import annotations

import asyncio
import re
import socket
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cti.adapters.ami_fence import FencedManager
from cti.adapters.asterisk_config import TEMPLATES, AsteriskValues, render, rendered, write_private
from cti.adapters.asterisk_process import AsteriskProcess
from kernel.errors import ConfigurationError, Unavailable
from kernel.infra.log import get

ACCOUNT_FILE = "manager.conf"
SIGN_IN_WITHIN_S = 5.0
READ_IN_BY: Mapping[str, str] = {
    "extensions.conf": "dialplan reload",
    "pjsip.conf": "module reload res_pjsip.so",
    "queues.conf": "module reload app_queue.so",
    "musiconhold.conf": "moh reload",
    "logger.conf": "logger reload",
    ACCOUNT_FILE: "manager reload",
}
"""By which console command a file is read in under calls. The others wait for a new start.
Source: Asterisk 22.10; each tried with a call in a conversation (tests/chaos)."""

_COMPLAINT = re.compile(r"^\[[^]]*\] (?:ERROR|WARNING)\[.*$", re.M)
_HARMLESS = ("taskprocessor", "Rescheduling", "Odd start value for RTP")
_STEP = re.compile(
    r"^(?:exten => (?P<exten>[^,]+),(?:\d+|n)(?:\(\w+\))?| same => n(?:\(\w+\))?),"
    r"(?P<app>\w+)(?P<data>.*)$"
)
_TARGET = re.compile(r"(?:Goto|Gosub)\((?P<context>[a-z-]+),(?P<exten>[a-z]+),1\b")
_APPLICATION = re.compile(r"^ +(\w+):", re.M)


@dataclass(frozen=True, slots=True)
class ReadIn:
    """Files that Asterisk uses from now on, and those it will use from its next start on."""

    now: tuple[str, ...]
    later: tuple[str, ...]


async def read_in(
    process: AsteriskProcess,
    binary: Path,
    config_dir: Path,
    values: AsteriskValues,
    templates: Path = TEMPLATES,
    *,
    only: Collection[str] | None = None,
) -> ReadIn:
    """Bring the files of the running `process` up to date, and the process with them.

    `only` names the files to look at. Raises ConfigurationError with the first complaint of the
    rehearsal; nothing was changed then.
    """
    texts = rendered(config_dir, values, templates)
    changed = await asyncio.to_thread(_changed, config_dir, texts, only)
    if set(changed) - {ACCOUNT_FILE}:
        await rehearse(binary, values, templates)
    for name in changed:
        await asyncio.to_thread(write_private, config_dir / name, texts[name])
    now = tuple(name for name in READ_IN_BY if name in changed)
    for name in now:
        await process.console(READ_IN_BY[name])
    return ReadIn(now, tuple(name for name in changed if name not in READ_IN_BY))


def _changed(config_dir: Path, texts: Mapping[str, str], only: Collection[str] | None) -> list[str]:
    found = []
    for name, text in texts.items():
        path = config_dir / name
        if (only is None or name in only) and not (path.exists() and path.read_text() == text):
            found.append(name)
    return found


async def rehearse(binary: Path, values: AsteriskValues, templates: Path = TEMPLATES) -> None:
    """Start an Asterisk with these values, apart from the one that serves, and end it again.

    Raises ConfigurationError with the first thing that is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="hotline-rehearsal-") as name:
        folder = Path(name)
        trial = _apart(values, folder)
        await asyncio.to_thread(render, folder / "etc", trial, templates)
        process = AsteriskProcess(binary, folder / "etc")
        try:
            await process.start()
            await _sign_in(trial)
            listed = await process.console("core show applications")
            known = {name.lower() for name in _APPLICATION.findall(listed)}
        except Unavailable as error:
            raise ConfigurationError(f"Asterisk does not serve with it: {error.message}") from error
        finally:
            await process.kill()
        complaints = await asyncio.to_thread(_complaints, folder, known)
    if complaints:
        raise ConfigurationError(complaints[0])


async def _sign_in(values: AsteriskValues) -> None:
    """Unknown words in the account's file are passed over in silence, and shut the platform out."""
    manager = FencedManager(log=get("rehearsal"), sink=lambda headers: None, lost=lambda why: None)
    await manager.open(values.bind_address, values.ami_port, SIGN_IN_WITHIN_S)
    try:
        reply = await manager.ask(
            {"Action": "Login", "Username": values.ami_user, "Secret": values.ami_secret},
            deadline_s=SIGN_IN_WITHIN_S,
        )
    finally:
        manager.close()
    if not reply.success:
        raise Unavailable("the platform's account is refused")


def _apart(values: AsteriskValues, folder: Path) -> AsteriskValues:
    """The same values on free ports and in folders of the rehearsal's own."""
    return replace(
        values,
        sip_port=_free_port(socket.SOCK_DGRAM),
        http_port=_free_port(socket.SOCK_STREAM),
        ami_port=_free_port(socket.SOCK_STREAM),
        run_dir=folder / "run",
        log_dir=folder / "log",
        spool_dir=folder / "spool",
        db_dir=folder / "db",
        var_dir=folder / "var",
        recordings_dir=folder / "recordings",
    )


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _complaints(folder: Path, applications: Collection[str]) -> list[str]:
    """What Asterisk complained of, and what it would only notice when a caller gets there."""
    log = (folder / "log" / "messages").read_text(errors="replace")
    found = [
        line for line in _COMPLAINT.findall(log) if not any(words in line for words in _HARMLESS)
    ]
    return found + list(_dialplan_faults(folder / "etc" / "extensions.conf", applications))


def _dialplan_faults(path: Path, applications: Collection[str]) -> Iterator[str]:
    steps, places, context, exten = [], set(), "", ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("["):
            context = line.strip("[]")
        elif match := _STEP.match(line):
            exten = match["exten"] or exten
            places.add((context, exten))
            steps.append((number, match["app"], match["data"]))
        elif "=>" in line:
            yield f"{path.name}:{number}: is no step: {line.strip()[:80]}"
    for number, application, data in steps:
        if application.lower() not in applications:
            yield f"{path.name}:{number}: no such application: {application}"
        if data.count("(") != data.count(")"):
            yield f"{path.name}:{number}: brackets do not close"
        for target in _TARGET.finditer(application + data):
            if (target["context"], target["exten"]) not in places:
                yield f"{path.name}:{number}: leads nowhere: {target[0]}"
