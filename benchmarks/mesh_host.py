"""The mesh in one of its hosts, configured for a benchmark.

    python -m benchmarks.mesh_host standalone|jupyter HOME UPSTREAM_PORT screened|plain
    python -m benchmarks.mesh_host as-it-is HOME [OPTION...]

`as-it-is` is a stand-alone gateway with the `mesh.yaml` that HOME has, and more options of `serve`.

Strict audit and every step on. `screened` runs the pattern and secret detectors on every call and
keeps redacted content; `plain` has no screening rule and keeps no content. The answer cache is
off, since every call of a benchmark is the same.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import yaml

from jupyter_mesh.config import key_hash

from .contestant import KEY


def configuration(upstream: int, screened: bool) -> dict[str, object]:
    """A `mesh.yaml` with one connection, a group, a budget and a limit that never bind."""
    return {
        "connections": {
            "up": {
                "provider": "openai_compatible",
                "base_url": f"http://127.0.0.1:{upstream}/v1",
                "models": {"m": {"price": {"input": 1, "output": 10}, "max_output": 4096}},
                "parallel": 512,
            }
        },
        "groups": {"everyone": {"members": ["*"], "allow": ["up/*"]}},
        "budgets": [{"scope": {"user": "*"}, "limit_usd": 1_000_000}],
        "limits": [
            {"scope": {"user": "*"}, "requests_per_minute": 60_000_000, "parallel": 100_000}
        ],
        "screening": [{"for": {"connection": "up"}, "detectors": ["patterns", "secrets"]}]
        if screened
        else [],
        "audit": {"content": "redacted" if screened else "none"},
        "cache": {"exact": {"enabled": False}},
        "keys": [{"name": "bench", "hash": key_hash(KEY), "user": "bench", "application": "bench"}],
        "offers": False,
    }


def main(host: str, home: Path, upstream: int, screened: bool) -> None:
    """Serve until killed; where it listens stands in `HOME/port`."""
    file = home / "mesh.yaml"
    file.write_text(yaml.safe_dump(configuration(upstream, screened)))
    if host == "standalone":
        serve(home)
    os.environ["JUPYTER_MESH_CONFIG"] = str(file)
    os.environ["JUPYTER_MESH_STATE"] = str(home / "state")
    serve_jupyter(home / "port")


def serve(home: Path, *options: str) -> NoReturn:
    """The stand-alone service over `HOME/mesh.yaml`."""
    from jupyter_mesh.cli import main as cli

    # `serve --json` says where it listens on standard output; that goes into the port file.
    announced = os.open(home / "port", os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(announced, sys.stdout.fileno())
    sys.argv = ["jupyter-mesh", "serve", "--json", "--port", "0"]
    sys.argv += ["--config", str(home / "mesh.yaml"), "--state", str(home / "state"), *options]
    sys.exit(cli())


def serve_jupyter(port_file: Path) -> None:
    """A Jupyter Server with the mesh and nothing else."""
    from jupyter_server.serverapp import ServerApp

    server = ServerApp()
    server.initialize(
        [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            "--IdentityProvider.token=bench",
            "--ServerApp.jpserver_extensions={'jupyter_mesh_server': True}",
            "--ServerApp.log_level=ERROR",
        ]
    )
    server.io_loop.call_later(3.0, lambda: port_file.write_text(str(server.port)))
    server.start()


if __name__ == "__main__":
    if sys.argv[1] == "as-it-is":
        serve(Path(sys.argv[2]), *sys.argv[3:])
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "screened")
