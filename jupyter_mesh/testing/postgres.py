"""A PostgreSQL server of one's own, that is thrown away afterwards.

with ScratchPostgres() as server:
    url = server.create_database()
    ...
    server.stop()       # with connections open, as an outage does
    server.start()      # over the same data
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_ROLE, _PASSWORD = "mesh", "pw-of-the-scratch-server"
_START_SECONDS = 60.0
_ROOM_BYTES = 2 * 1024**3
_PROGRAMS = "usr/lib/postgresql/*/bin"


class ScratchPostgres:
    """A server with data of its own on a free port of the loopback interface. PostgreSQL refuses to
    run as root: root runs it as another user.

    Args:
        folder: Below which its data lie; by default in memory where there is room.
        settings: More lines of `postgresql.conf`.

    Attributes:
        folder: Its data and its log.
        port: Where it listens.
    """

    def __init__(self, folder: Path | None = None, **settings: str) -> None:
        self._programs = _find_programs()
        self._user = _ordinary_user() if os.geteuid() == 0 else None
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="mesh-postgres-", dir=folder or _quick_folder()))
        self.port = _free_port()
        if self._user is not None:
            found = pwd.getpwnam(self._user)
            os.chown(self.folder, found.pw_uid, found.pw_gid)
        self._initialise(settings)

    @property
    def admin_url(self) -> str:
        """Of the database every server has; its role may do everything."""
        return self.url("postgres")

    def url(self, database: str) -> str:
        """Of a database; with the password."""
        return f"postgresql://{_ROLE}:{_PASSWORD}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Of the running server.

        Raises:
            RuntimeError: It does not run.
        """
        if self._process is None:
            raise RuntimeError("PostgreSQL does not run.")
        return self._process.pid

    @property
    def password(self) -> str:
        """What must never be seen anywhere."""
        return _PASSWORD

    def create_database(self, template: str = "template0") -> str:
        """Make an empty database, or a copy of `template`, and return its URL."""
        name = f"mesh_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove what `create_database` made, whoever is connected to it."""
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str, url: str | None = None) -> None:
        """Run one statement as superuser, outside a transaction."""
        import psycopg

        with psycopg.connect(url or self.admin_url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start it and wait until it takes connections.

        Raises:
            RuntimeError: It did not come; with the end of its log.
        """
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data],
                stdout=log,
                stderr=log,
                user=self._user,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `immediate` as a crash does, `fast` in good order."""
        if self._process is not None:
            command = [self._programs / "pg_ctl", "stop", "-D", self._data, "-m", mode, "-s"]
            subprocess.run(command, check=False, stderr=subprocess.DEVNULL, user=self._user)
            self._process.wait(_START_SECONDS)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _initialise(self, settings: dict[str, str]) -> None:
        password_file = self.folder / "password"
        password_file.write_text(_PASSWORD)
        if self._user is not None:
            shutil.chown(password_file, self._user)
        subprocess.run(
            [
                *(self._programs / "initdb", "-D", self._data, "-U", _ROLE, "-E", "UTF8"),
                *("--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync"),
                *("--locale=C.UTF-8",),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self._user,
        )
        lines = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "shared_buffers": "64MB",
            **settings,
        }
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in lines.items())

    def _answers(self) -> bool:
        import psycopg

        try:
            self.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True


def _find_programs() -> Path:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    for folder in sorted(Path("/").glob(_PROGRAMS), reverse=True):
        return folder
    raise FileNotFoundError("initdb is missing: sudo apt-get install postgresql")


def _quick_folder() -> str | None:
    """In memory where there is room: a thousand tests need not wait for a disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM_BYTES
    return str(memory) if roomy else None


def _ordinary_user() -> str:
    """The packages' own user where there is one."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
