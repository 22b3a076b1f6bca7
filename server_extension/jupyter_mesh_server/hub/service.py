"""Starting the gateway as a service of a Hub, managed by it or beside it."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

from jupyter_mesh.config import Config, key_hash
from jupyter_mesh.mesh import Mesh

from ..personal import make_state_dir
from ..routes import ROUTES
from ..service import Service, built_pages
from .environment import HubEnvironment
from .hub_api import HubApi
from .identity import HubIdentity
from .keys import HubKeys
from .login import Login
from .sessions import HubSessions
from .site import HubSite
from .site_links import SiteLinks
from .tokens import HubTokens
from .users import HubUsers
from .watch import HubWatch

log = logging.getLogger("jupyter_mesh.hub")


async def start_for_hub(
    config: Config,
    state_dir: Path,
    host: str,
    port: int,
    *,
    environment: HubEnvironment,
    config_file: Path | None = None,
    inherited: socket.socket | None = None,
) -> Service:
    """Open the mesh and listen.

    Args:
        config: What to serve.
        state_dir: Where the database is.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        environment: Where the Hub is.
        config_file: Where the configuration was read.
        inherited: A socket that listens already, to be used instead of `host` and `port`.

    Raises:
        ConfigError: The configuration cannot be used, the address is taken, or the Hub is too old.
    """
    make_state_dir(state_dir)
    if not config.groups:
        log.warning("No `groups:`, so whom the Hub lets in may use every model.")
    api = HubApi(environment.api_url)
    try:
        await api.check()
        mesh = await Mesh.start(config, state_dir=state_dir, host="hub", config_file=config_file)
    except BaseException:
        await api.aclose()
        raise
    service = _service(mesh, api, environment)
    await service.listen(host, port, inherited)
    return service


def _service(mesh: Mesh, api: HubApi, environment: HubEnvironment) -> Service:
    tokens = HubTokens(api, environment.cache_seconds)
    users = HubUsers(api, environment.api_token, environment.cache_seconds)
    signed_in, sealing_key = mesh.signed_in, mesh.signed_in.sealing_key
    mesh.keys.people = users
    keys = HubKeys(
        lambda secret: signed_in.holder(key_hash(secret)),
        users,
        lambda principal: mesh.snapshot.groups_of(principal),
        signed_in.is_program,
    )
    sessions = HubSessions(tokens, sealing_key, mesh.sign_outs, environment.prefix)
    login = Login(environment, api, sealing_key)
    site = HubSite(environment, sessions, login, built_pages())
    service = Service(
        mesh,
        HubIdentity(keys, tokens, sessions, lambda: mesh.admin_contact, signed_in.is_program),
        ROUTES + site.routes(),
        base=environment.base,
        site_of=SiteLinks(environment.site_url, tokens),
        hub_state=HubWatch(api, environment.api_token).state,
    )
    service.closing += [tokens.aclose, users.aclose, api.aclose]
    return service
