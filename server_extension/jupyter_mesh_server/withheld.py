"""Keys that kernels of this server no longer get: the environment, without what the mesh keeps.

A kernel inherits the environment of the server that starts it. A key that the mesh has taken over
is therefore moved out of it, now and at every later start, before any kernel can be started. The
names, never the values, stand in a file of the state folder; without that file kernels get all
again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path

FILE = "withheld-variables"

log = logging.getLogger("jupyter_mesh")


class Withheld(Mapping[str, str]):
    """The whole environment, for the mesh; `environ` itself is left with what kernels may have.

    Args:
        environ: What kernels inherit.
        state_dir: Where the names are kept; need not exist yet.
    """

    def __init__(self, environ: MutableMapping[str, str], state_dir: Path) -> None:
        self._environ = environ
        self._file = state_dir / FILE
        self._kept: dict[str, str] = {}
        self._move(self._names())

    def __getitem__(self, name: str) -> str:
        return self._kept[name] if name in self._kept else self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._environ, **self._kept})

    def __len__(self) -> int:
        return len({**self._environ, **self._kept})

    def withhold(self, value: str) -> None:
        """Keep every variable that holds `value` from kernels that are started from now on.

        Raises:
            OSError: It cannot be remembered; nothing was changed then.
        """
        names = [name for name, held in self._environ.items() if held.strip() == value]
        lines = sorted({*self._names(), *names})
        draft = self._file.with_suffix(".new")
        draft.write_text("".join(f"{name}\n" for name in lines), "utf-8")
        os.replace(draft, self._file)
        self._move(names)
        if names:
            log.info("Kernels started from now on no longer get %s.", ", ".join(names))

    def _names(self) -> list[str]:
        try:
            return self._file.read_text("utf-8").split()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeError) as error:
            log.error("Kernels get keys that were taken over: %s: %s", self._file.name, error)
            return []

    def _move(self, names: list[str]) -> None:
        for name in names:
            if name in self._environ:
                self._kept[name] = self._environ.pop(name)
