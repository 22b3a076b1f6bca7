"""A JupyterHub with the mesh: the lines to put into yours begin at `add_mesh`.

    pip install 'jupyter-mesh[hub,lab]'
    npm install --global configurable-http-proxy
    jupyterhub -f jupyterhub_config.py

docs/hub-guide.md walks through it.
"""

from pathlib import Path

from jupyter_mesh_server.hub.configure import add_mesh

c = get_config()  # noqa: F821 JupyterHub gives it to this file
here = Path(__file__).parent

# For trying it out: everybody logs in with one password, and servers are processes of yours.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = "try-the-mesh-out"
c.Authenticator.allowed_users = {"ana", "sam", "olga"}
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.load_groups = {
    "analysts": {"users": ["ana"]},
    "students": {"users": ["sam"]},
    "platform": {"users": ["olga"]},
}

# The mesh, after everything else: it adds to what is set. Which models each group may use is said
# in mesh.yaml, or by olga on the mesh's own pages.
add_mesh(
    c,
    config=str(here / "mesh.yaml"),
    state=str(here / "mesh-state"),
    groups={"platform": "admin"},
)
