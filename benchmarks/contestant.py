"""What is measured: something between client and upstream, and what it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from .load import Target
from .processes import Process

KEY = "mesh-benchmark-key"
PROMPT = "Which of these numbers is the median, and why does it differ from the mean? " * 12
_PERSONAL = "Write to ann@example.com about card 4111 1111 1111 1111. "


@dataclass(slots=True)
class Contestant:
    """Something that stands between client and upstream, and how to ask it."""

    name: str
    floor: str
    start: Callable[[], Process]
    path: str = "/v1/chat/completions"
    headers: tuple[tuple[str, str], ...] = ()
    model: str = "up/m"

    def target(self, port: int, *, stream: str = "", personal: bool = False) -> Target:
        """A request; `stream` is the upstream's plan such as `chunks=100 gap=10`."""
        prompt = (_PERSONAL if personal else "") + PROMPT + stream
        body = {"model": self.model, "messages": [{"role": "user", "content": prompt}]}
        if stream:
            body["stream"] = True
        return Target(port, self.path, self.headers, json.dumps(body).encode())
