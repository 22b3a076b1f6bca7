"""A failed fsync is believed once and for all: the kernel tells it once and forgets the pages."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from jupyter_mesh.storage.schema import upgrade

from .processes import finish, start
from .samples import NOW, assert_books_balance, journal_at, rows

FAILING_SYNC = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
static int one(const char *name, int fd) {
    static long calls = 0;
    if (__sync_add_and_fetch(&calls, 1) == atol(getenv("FAIL_SYNC"))) { errno = EIO; return -1; }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}
int fsync(int fd) { return one("fsync", fd); }
int fdatasync(int fd) { return one("fdatasync", fd); }
"""


@pytest.fixture(scope="module")
def failing_sync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("not run: a C compiler is missing (sudo apt-get install gcc)")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "sync.c").write_text(FAILING_SYNC)
    library = folder / "sync.so"
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(folder / "sync.c"), "-ldl"]
    subprocess.run(command, check=True)
    return library


@pytest.mark.parametrize("number", [6, 7, 8, 9])
def test_after_one_failed_sync_no_call_goes_out_until_a_restart(
    tmp_path: Path, failing_sync: Path, number: int
) -> None:
    store = tmp_path / "mesh.db"
    upgrade(store)
    env = {"LD_PRELOAD": str(failing_sync), "FAIL_SYNC": str(number)}
    told = finish(start(store, calls=20, end="retry", env=env))
    assert "unhealthy" in told
    assert told["unavailable"][-1] == "retried"
    assert len(told["sent"]) + len(told["unavailable"]) == 21

    async def restart() -> None:
        async with journal_at(store) as journal:
            await journal.recover(NOW)
            assert journal.healthy

    asyncio.run(restart())
    outcomes = dict(rows(store, "SELECT id, outcome FROM calls"))
    assert set(told["sent"]) <= set(outcomes)
    assert {outcomes[call_id] for call_id in told["closed"]} <= {"answered"}
    assert_books_balance(store)
