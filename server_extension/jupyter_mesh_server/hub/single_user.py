"""A single-user server of a Hub in the place where others have a personal mesh."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mesh.errors import Unavailable

from ..dispatch import Dispatcher
from ..forward import Forwarder
from ..gateway import Gateway
from ..identity import Browser, PersonalIdentity
from .discovery import SingleUser


class HubServiceMissing(Unavailable):
    """Nobody has given this Hub a mesh service."""

    code = "hub_service_missing"


@dataclass(slots=True)
class ForwardedMesh:
    """A mesh elsewhere, behind its dispatcher.

    Attributes:
        url: Of the service.
    """

    dispatcher: Forwarder
    url: str
    works: bool = True

    def outdated(self) -> bool:
        """Never: the service says by itself what is wrong with it."""
        return False

    async def aclose(self) -> None:
        """Close the connections to the service."""
        await self.dispatcher.aclose()


@dataclass(slots=True)
class NoMesh:
    """A Hub without the service: every request is told so, and it is looked for again."""

    dispatcher: Dispatcher
    works: bool = False

    def outdated(self) -> bool:
        """Whether it may be there now: `Startup` asks again after a pause."""
        return False

    async def aclose(self) -> None:
        """There is nothing to close."""


def forwarded(url: str, here: SingleUser, browser: Browser) -> ForwardedMesh:
    """A mesh at `url`."""
    return ForwardedMesh(Forwarder(url, here.token, browser), url)


def missing(user: str, kernel_token: str, browser: Browser) -> NoMesh:
    """No mesh at all.

    Args:
        user: Whose server this is.
        kernel_token: What its kernels authenticate with.
        browser: Jupyter's own check.
    """
    error = HubServiceMissing(
        "This JupyterHub has no mesh service yet: ask its admin to add one (`add_mesh` in "
        "jupyterhub_config.py), or give this server a mesh.yaml of your own."
    )
    identity = PersonalIdentity(user, kernel_token, lambda _: None, browser)
    return NoMesh(Dispatcher(Gateway(error), identity))
