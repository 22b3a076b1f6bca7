"""A real ipykernel in a process of its own, driven over its own sockets."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_mesh.client import ANSWER_MIME

CONFIG = Path(__file__).parents[2] / "etc" / "ipython" / "ipython_kernel_config.py"


@dataclass
class Outcome:
    """What came of one cell."""

    reply: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    comm: list[dict[str, Any]] = field(default_factory=list)

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [data[ANSWER_MIME] for data in self.outputs if ANSWER_MIME in data]


class RealKernel:
    """Starts with this repository's kernel configuration, as an installed wheel would."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        profile = folder / "profile_default"
        profile.mkdir(parents=True)
        shutil.copy(CONFIG, profile)
        # Named as a Jupyter server names it: the kernel reads its id from there.
        self.id = str(uuid.uuid4())
        self.manager = KernelManager(connection_file=str(folder / f"kernel-{self.id}.json"))
        self.manager.start_kernel(env={**environ, "IPYTHONDIR": str(folder)}, cwd=folder)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.client.allow_stdin = False

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def start(self, code: str) -> str:
        """Send a cell and go on."""
        return self.client.execute(code)

    def run(self, code: str) -> Outcome:
        """Send a cell and wait for its end."""
        return self.finish(self.start(code))

    def finish(self, message_id: str) -> Outcome:
        """Wait for the end of a cell."""
        outcome = Outcome()
        while self._take(message_id, outcome):
            pass
        while True:
            message = self.client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == message_id:
                outcome.reply = message["content"]
                return outcome

    def wait_for(self, message_id: str, shown: str) -> None:
        """Wait until the cell has shown something."""
        outcome = Outcome()
        while shown not in str(outcome.outputs):
            assert self._take(message_id, outcome), "the cell ended without it"

    def _take(self, message_id: str, outcome: Outcome) -> bool:
        """Put the next message into the outcome; False at the cell's end."""
        message = self.client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != message_id:
            return True
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            outcome.text += content["text"]
        elif kind in ("display_data", "update_display_data", "execute_result"):
            outcome.outputs.append(content["data"])
        elif kind == "error":
            outcome.error = content
        elif kind == "comm_msg":
            outcome.comm.append(content["data"])
        return kind != "status" or content["execution_state"] != "idle"

    def announce(self, **said: Any) -> None:
        """Open a comm as JupyterLab does before it runs a cell."""
        content = {
            "comm_id": uuid.uuid4().hex,
            "target_name": "jupyter_mesh.notebook",
            "data": said,
        }
        message = self.client.session.msg("comm_open", content)
        self.client.shell_channel.send(message)

    def complete(self, code: str, at: int | None = None) -> list[str]:
        """What Tab offers."""
        reply = self.client.complete(code, at, reply=True, timeout=30)
        return reply["content"]["matches"]
