"""Files that are made from others: written by `make generated`, compared by `make lint`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent


def openapi() -> str:
    """The API's description, from the server's route table."""
    command = [sys.executable, "-m", "jupyter_mesh_server.openapi"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def typescript_types() -> str:
    """The front end's types, from that description."""
    with tempfile.TemporaryDirectory() as folder:
        document, types = Path(folder, "openapi.json"), Path(folder, "types.ts")
        document.write_text(openapi(), "utf8")
        convert = ROOT / "node_modules/.bin/openapi-typescript"
        subprocess.run([convert, document, "-o", types], stdout=subprocess.DEVNULL, check=True)
        return types.read_text("utf8")


def capabilities() -> str:
    """What each provider can do, from its tests."""
    from capabilities import table  # which needs what only tests need

    return table()


GENERATED: dict[str, Callable[[], str]] = {
    "server_extension/jupyter_mesh_server/openapi.json": openapi,
    "labextension/src/api/_schema.ts": typescript_types,
    "docs/capabilities.md": capabilities,
}


def main(arguments: list[str]) -> int:
    """Write each file, or with ``--check`` name those that are out of date."""
    stale = 0
    for name, make in GENERATED.items():
        path, text = ROOT / name, make()
        if path.is_file() and path.read_text("utf8") == text:
            continue
        if "--check" in arguments:
            print(f"{name} is out of date: run `make generated` and commit it")
            stale += 1
        else:
            path.write_text(text, "utf8")
            print(f"wrote {name}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
