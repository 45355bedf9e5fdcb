"""A PostgreSQL server in a temporary folder, and one database for each test from a template."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.process import Child, free_port

SUPERUSER = "hotline"
TEMPLATE = "hotline_template"


def _programs() -> Path:
    """The folder of the newest installed release's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3])
    )
    if not found:
        raise RuntimeError("PostgreSQL is not installed; run scripts/setup --dev.")
    return found[-1].parent


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as the user its package made."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]


@dataclass
class PostgresServer:
    """`url(name)` for SQLAlchemy; databases are made by copying the migrated template."""

    programs: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def create(self, name: str, template: str = "template0") -> None:
        self._run("createdb", "--template", template, name)

    def drop(self, name: str) -> None:
        """Ends what is still connected: a test that leaks a connection must not stop the next."""
        self._run("dropdb", "--force", "--if-exists", name)

    @contextmanager
    def copy_of_template(self) -> Iterator[str]:
        """A database of its own, with the schema; yields its URL."""
        name = f"test_{next(self._numbers)}"
        self.create(name, TEMPLATE)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def answers(self) -> bool:
        command = [str(self.programs / "pg_isready"), "-q", *self._address()]
        return subprocess.run(command, check=False).returncode == 0

    def _address(self) -> list[str]:
        return ["--host=127.0.0.1", f"--port={self.port}", f"--username={SUPERUSER}"]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *self._address(), *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Make a cluster, run it without durability (it holds nothing worth keeping), remove it."""
    # Not under pytest's own folder, which only root can enter.
    folder = Path(tempfile.mkdtemp(prefix="hotline-postgres-"))
    try:
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        programs = _programs()
        data = folder / "data"
        initdb = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [*_unprivileged(), programs / "initdb", "-D", data, "-U", SUPERUSER, *initdb],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        server = PostgresServer(programs, free_port())
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(server.port),
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            # No plan changes because figures are collected in the middle of a test.
            "autovacuum": "off",
            "max_connections": "100",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's "fast" shutdown: sessions are ended, not waited for.
        child = Child(
            [*_unprivileged(), str(programs / "postgres"), "-D", str(data), *settings],
            folder / "server.log",
            signal.SIGINT,
        )
        try:
            child.wait_until(server.answers, "PostgreSQL answers")
            yield server
        finally:
            child.stop()
    finally:
        shutil.rmtree(folder)
