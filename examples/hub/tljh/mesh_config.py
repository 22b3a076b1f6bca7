"""The mesh in The Littlest JupyterHub: see jupyter-mesh.service for where this file goes.

The token that hub and mesh share stands in one file, which only root reads:

    echo "JUPYTERHUB_API_TOKEN=$(openssl rand -hex 32)" >> /etc/jupyter-mesh/mesh.env
"""

from pathlib import Path

from jupyter_mesh_server.hub.configure import add_mesh

lines = Path("/etc/jupyter-mesh/mesh.env").read_text("utf8").splitlines()
token = next(line for line in lines if line.startswith("JUPYTERHUB_API_TOKEN="))

add_mesh(
    get_config(),  # noqa: F821
    url="http://127.0.0.1:8765",
    api_token=token.partition("=")[2],
    groups={"platform": "admin"},
)
