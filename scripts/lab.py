"""Start JupyterLab with the mesh on and the examples open, and with ``--local`` a small open model.

Works as root or not, with a screen or without. When port 8888 is taken, Jupyter Server itself
takes the next free one and prints its URL.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import yaml
from jupyter_core.paths import jupyter_config_dir

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
WRITTEN = ROOT / ".make"
CONFIG = "JUPYTER_MESH_CONFIG"
SMALL_MODEL = "Qwen/Qwen3-0.6B"
WEIGHTS = ["*.safetensors", "*.json", "*.txt", "*.jinja", "*.model"]


def own_config() -> dict[str, Any]:
    """What the user's own mesh.yaml says; the offline connection alone where there is none."""
    path = Path(os.environ.get(CONFIG) or Path(jupyter_config_dir(), "mesh.yaml"))
    if path.is_file():
        return yaml.safe_load(path.read_text("utf8")) or {}
    return {"connections": {"echo": {"provider": "echo"}}}


def with_local_model(config: dict[str, Any], model: str, source: Path) -> dict[str, Any]:
    """Add a connection `local` that serves the model in a folder, and make it the default."""
    models = {model: {"path": str(source), "task": "chat"}}
    local = {"provider": "huggingface", "models": models}
    connections = {**(config.get("connections") or {}), "local": local}
    return {**config, "connections": connections, "default_model": f"local/{model}"}


def download(model: str) -> Path:
    """Fetch a model from the hub, or find it where an earlier run has put it.

    Raises:
        SystemExit: the hub cannot be reached and nothing was fetched before.
    """
    from httpx2 import HTTPError
    from huggingface_hub import HfApi, snapshot_download

    try:
        return Path(snapshot_download(model, allow_patterns=WEIGHTS, local_files_only=True))
    except OSError:
        pass  # not fetched yet
    try:
        files = HfApi().model_info(model, files_metadata=True).siblings or []
        wanted = [file for file in files if Path(file.rfilename).match("*.safetensors")]
        size = sum(file.size or 0 for file in wanted)
        print(f"downloading {model}: {size / 1e9:.1f} GB (Ctrl-C stops; it goes on next time)")
        return Path(snapshot_download(model, allow_patterns=WEIGHTS))
    except (HTTPError, OSError) as error:
        raise SystemExit(
            f"cannot fetch {model}: {error}\n"
            "make lab LOCAL=1 MODEL=path serves a model from a folder of yours; "
            "make lab alone needs no model"
        ) from error


def local_environment(model: str) -> dict[str, str]:
    """Write a mesh.yaml with the local model in it, and point the server there."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        model, source = folder.resolve().name, folder.resolve()
    else:
        source = download(model)
    WRITTEN.mkdir(exist_ok=True)
    path = WRITTEN / "mesh.yaml"
    path.write_text(yaml.safe_dump(with_local_model(own_config(), model, source)), "utf8")
    print(f"serving local/{model} from {source}")
    return {CONFIG: str(path)}


def has_screen() -> bool:
    """Whether a browser can be opened here."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def command() -> list[str]:
    """JupyterLab's command line for this machine and user."""
    arguments = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={EXAMPLES}"]
    if (EXAMPLES / "quickstart.ipynb").is_file():
        arguments.append("--LabApp.default_url=/lab/tree/quickstart.ipynb")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    if not has_screen():
        arguments.append("--no-browser")
    return arguments


def main() -> None:
    """Become JupyterLab."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Every other option goes to JupyterLab, such as --port=8899 or --no-browser; "
        "`jupyter lab --help` lists them.",
    )
    parser.add_argument("--local", action="store_true", help="serve a small open model")
    parser.add_argument("--model", help="its name on the Hugging Face hub, or a folder")
    chosen, rest = parser.parse_known_args()
    environment = dict(os.environ)
    if chosen.local or chosen.model:
        environment |= local_environment(chosen.model or SMALL_MODEL)
    arguments = command() + rest
    os.execve(arguments[0], arguments, environment)


if __name__ == "__main__":
    main()
