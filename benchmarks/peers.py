"""Other gateways, measured in the same run where they are installed.

nginx is looked for on the path; the other two where the environment says they are:

    MESH_BENCH_LITELLM=…/bin/litellm          pip install 'litellm[proxy]', in its own venv
    MESH_BENCH_PORTKEY=…/gateway/build/start-server.js  npm install @portkey-ai/gateway

LiteLLM runs with a master key: its virtual keys need a database client that downloads itself.
Neither records calls as the mesh does, so the comparison favours them.
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import yaml

from .contestant import KEY, Contestant
from .processes import Process, start_listening

_NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  upstream models {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://models;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""


def peers(folder: Path, upstream: int) -> list[Contestant]:
    """Those that are installed."""
    found: list[Contestant] = []
    if nginx := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        found.append(_nginx(nginx, folder, upstream))
    if server := os.environ.get("MESH_BENCH_PORTKEY"):
        found.append(_portkey(server, folder, upstream))
    if command := os.environ.get("MESH_BENCH_LITELLM"):
        found.append(_litellm(command, folder, upstream))
    return found


def _nginx(command: str, folder: Path, upstream: int) -> Contestant:
    def run() -> Process:
        port = _free_port()
        file = folder / "nginx.conf"
        file.write_text(_NGINX.format(folder=folder, upstream=upstream, port=port))
        return start_listening([command, "-c", str(file)], port, folder / "nginx.out", core=0)

    return Contestant("nginx (no governance)", "", run)


def _portkey(server: str, folder: Path, upstream: int) -> Contestant:
    def run() -> Process:
        port = _free_port()
        command = ["node", server, f"--port={port}", "--headless"]
        return start_listening(command, port, folder / "portkey.out", core=0)

    headers = (
        ("Authorization", f"Bearer {KEY}"),
        ("x-portkey-provider", "openai"),
        ("x-portkey-custom-host", f"http://127.0.0.1:{upstream}/v1"),
    )
    return Contestant("Portkey", "", run, headers=headers, model="m")


def _litellm(command: str, folder: Path, upstream: int) -> Contestant:
    def run() -> Process:
        port = _free_port()
        file = folder / "litellm.yaml"
        settings = {
            "model": "openai/m",
            "api_base": f"http://127.0.0.1:{upstream}/v1",
            "api_key": "none",
        }
        models = [{"model_name": "m", "litellm_params": settings}]
        file.write_text(
            yaml.safe_dump({"model_list": models, "general_settings": {"master_key": f"sk-{KEY}"}})
        )
        whole = [command, "--config", str(file), "--host", "127.0.0.1", "--port", str(port)]
        offline = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        beside = str(Path(command).parent)  # it starts helpers by name
        environment = {**offline, "PATH": f"{beside}:{os.environ['PATH']}"}
        return start_listening(whole, port, folder / "litellm.out", core=0, env=environment)

    headers = (("Authorization", f"Bearer sk-{KEY}"),)
    return Contestant("LiteLLM, master key", "", run, headers=headers, model="m")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def absent() -> str:
    """Which peers are not measured, and why."""
    missing = [
        name
        for name, there in (
            ("nginx", shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")),
            ("Portkey (MESH_BENCH_PORTKEY)", os.environ.get("MESH_BENCH_PORTKEY")),
            ("LiteLLM (MESH_BENCH_LITELLM)", os.environ.get("MESH_BENCH_LITELLM")),
        )
        if not there
    ]
    return f"Not installed, so not measured: {', '.join(missing)}." if missing else ""
