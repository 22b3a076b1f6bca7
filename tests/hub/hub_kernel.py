"""A kernel that a user's server on a Hub has started, driven over its own sockets."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient

from jupyter_mesh.client import ANSWER_MIME


class HubKernel:
    """Runs cells in it, as the user would."""

    def __init__(self, connection_file: Path) -> None:
        self.client = BlockingKernelClient(connection_file=str(connection_file))
        self.client.load_connection_file()
        self.client.start_channels()
        self._wait()
        self.client.allow_stdin = False
        self.run("%reload_ext jupyter_mesh")

    def _wait(self) -> None:
        """Until it answers: on a busy machine it misses heartbeats before that."""
        end = time.monotonic() + 120
        while True:
            try:
                self.client.wait_for_ready(timeout=60)
                return
            except RuntimeError:
                if time.monotonic() > end:
                    raise

    def stop(self) -> None:
        self.client.stop_channels()

    def run(self, code: str) -> str:
        """What a cell shows: text, answers, and errors."""
        shown: list[str] = []

        def take(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                shown.append(content["text"])
            elif message["msg_type"] in ("display_data", "update_display_data"):
                answer = content["data"].get(ANSWER_MIME)
                shown.append(json.dumps(answer) if answer else content["data"]["text/plain"])
            elif message["msg_type"] == "error":
                shown.append(f"{content['ename']}: {content['evalue']}")

        self.client.execute_interactive(code, output_hook=take, timeout=60)
        return "".join(shown)

    def json(self, code: str) -> Any:
        """What a cell prints, as JSON."""
        said = self.run(code)
        try:
            return json.loads(said)
        except ValueError:
            raise AssertionError(said) from None
