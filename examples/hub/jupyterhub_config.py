"""A JupyterHub with the mesh: the lines to put into yours begin at `add_mesh`.

    make hub

starts it as it stands, in a checkout. By hand:

    pip install 'jupyter-mesh[hub,lab]'
    npm install --global configurable-http-proxy
    jupyterhub -f jupyterhub_config.py

docs/hub-guide.md walks through it.
"""

from pathlib import Path

from jupyter_mesh_server.hub.configure import add_mesh

c = get_config()  # noqa: F821 JupyterHub gives it to this file
here = Path(__file__).parent

# For trying it out, on this machine alone: everybody logs in with one password, and servers are
# processes of yours.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = "try-the-mesh-out"
c.Authenticator.allowed_users = {"analyst", "student", "guest", "admin"}
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.load_groups = {
    "analysts": {"users": ["analyst"]},
    "students": {"users": ["student"]},
    "platform": {"users": ["admin"]},
}

# The mesh, after everything else: it adds to what is set. Which models each group may use is said
# in mesh.yaml, or by admin on the mesh's own pages.
add_mesh(
    c,
    config=str(here / "mesh.yaml"),
    state=str(here / "mesh-state"),
    groups={"platform": "admin"},
)
