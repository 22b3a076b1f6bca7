"""T43: `mesh.yaml` is edited, or SIGHUP is sent, while a stream runs: it ends as it began, and the
new rules hold for the next call."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_mesh.testing.fake_openai import Behaviour

from .test_replicas import connection_to
from .world import World, world

LONG = Behaviour(text="word " * 100, piece_delay=0.03)
BLOCKED = [{"detectors": ["standard"], "entities": {"*": "block"}}]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def cheap_or_dear(one: World, per_call: int) -> dict[str, object]:
    price = {"input": 0, "output": 0, "per_request": per_call}
    return connection_to(one, {"m": {"price": price}})


def hang_up(one: World) -> None:
    assert one.gateway.process is not None
    one.gateway.process.send_signal(signal.SIGHUP)


@pytest.mark.parametrize("signalled", [False, True], ids=["edited", "SIGHUP"])
def test_a_stream_ends_as_it_began_and_the_next_call_meets_the_new_rules(
    tmp_path: Path, signalled: bool
) -> None:
    with world(tmp_path) as one:
        one.configure(connections=cheap_or_dear(one, 1))
        one.gateway.start()
        one.script(LONG)
        with ThreadPoolExecutor(1) as clients:
            stream = clients.submit(one.ask, "the stream", stream=True)
            until(lambda: one.bytes_sent() > 500)
            one.configure(connections=cheap_or_dear(one, 2), screening=BLOCKED)
            if signalled:
                hang_up(one)
            until(lambda: one.ask("ada@example.org") in (400, 403))
            assert not stream.done(), "it began under the old rules and is not over"
            assert one.ask("nothing to hide") == 200
            assert stream.result() == 200
        one.gateway.stop()
        calls = one.rows("SELECT outcome, cost FROM calls ORDER BY seq")
        assert (calls[0]["outcome"], calls[0]["cost"]) == ("answered", 10**12)
        assert (calls[-1]["outcome"], calls[-1]["cost"]) == ("answered", 2 * 10**12)
        files = one.rows("SELECT name FROM setting_changes WHERE kind = 'file'")
        assert len(files) == 2


def test_hanging_up_on_a_wrong_file_changes_nothing_and_says_so(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.gateway.start()
        file = one.folder / "mesh.yaml"
        right = file.read_text()
        file.write_text(right + "connektions: {}\n")
        hang_up(one)
        until(lambda: "connektions" in one.gateway.log)
        assert one.ask("under the old rules") == 200
        file.write_text(right)
        for times in (1, 2):  # the second time it is as it was
            hang_up(one)
            until(lambda times=times: one.gateway.log.count("mesh.yaml: ok") >= times)
        assert one.ask("again") == 200
