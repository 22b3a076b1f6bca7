"""A gateway reduced to its journal, in a process of its own that may be killed.

Prints a line as soon as each thing is certain: `sent <id>` where a provider would receive the call,
`closed <id>`, `refused <id>`, `unavailable <id>` where it could not be opened and `unrecorded <id>`
where it could not be closed.

Arguments: the store, a prefix for ids, calls, calls at once, the budget's limit, and what to do in
the end: `exit`, `hang` with all calls open, or `retry` with one more call after a while.
"""

from __future__ import annotations

import asyncio
import os
import sys
from decimal import Decimal

from jupyter_mesh.errors import AuditUnavailable, BudgetExceeded
from jupyter_mesh.storage.journal import SqlJournal
from tests.storage.samples import completion, hold, intent, more


def say(what: str, call_id: str) -> None:
    os.write(1, f"{what} {call_id}\n".encode())


async def call(journal: SqlJournal, call_id: str, limit: str, hang: bool) -> None:
    try:
        await journal.open(intent(call_id), [hold("0.01", limit)])
    except BudgetExceeded:
        return say("refused", call_id)
    except AuditUnavailable:
        return say("unavailable", call_id)
    say("sent", call_id)
    if hang:
        return None
    try:
        await journal.top_up(call_id, more("0.0025"), Decimal("0.0125"))
        await journal.close(completion(call_id, "0.004"))
    except AuditUnavailable:
        return say("unrecorded", call_id)
    return say("closed", call_id)


async def main(store: str, prefix: str, calls: str, at_once: str, limit: str, end: str) -> None:
    journal = SqlJournal(store)
    slots = asyncio.Semaphore(int(at_once))

    async def one(number: int) -> None:
        async with slots:
            await call(journal, f"{prefix}{number}", limit, end == "hang")

    await asyncio.gather(*(one(number) for number in range(int(calls))))
    say("healthy" if journal.healthy else "unhealthy", prefix)
    if end == "hang":
        await asyncio.sleep(600)
    if end == "retry":
        await asyncio.sleep(1.5)  # longer than it takes to look whether the store works again
        await call(journal, "retried", limit, hang=False)
    await journal.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
