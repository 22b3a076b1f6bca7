"""What the handlers need: the mesh, and what only this host knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from jupyter_mesh.errors import MeshError

from .call_options import CallOptions
from .exchange import HttpRequest

if TYPE_CHECKING:
    from jupyter_mesh.mesh import Mesh
    from jupyter_mesh.schemas.api import SiteLink

DocumentOf: TypeAlias = Callable[[str], Awaitable[str | None]]
"""From the id of a kernel to the present path of its notebook; None where there is none."""
HubState: TypeAlias = Callable[[], Awaitable[str]]
"""`ok`, or why the Hub does not say who callers are."""
SiteOf: TypeAlias = "Callable[[HttpRequest], Awaitable[SiteLink | None]]"
"""From a request to the site that its caller is to be led to."""


class Gateway:
    """Handed to every handler.

    Args:
        mesh: Where calls go; the error when it could not be started.
        document_of: Only a Jupyter server knows which notebook a kernel belongs to.
        site_of: Only a service of a Hub leads JupyterLab to its own pages.
        hub_state: Of the Hub whose service this is.
    """

    def __init__(
        self,
        mesh: Mesh | MeshError,
        document_of: DocumentOf | None = None,
        site_of: SiteOf | None = None,
        hub_state: HubState | None = None,
    ) -> None:
        self.hub_state = hub_state
        self._mesh = mesh
        self._document_of = document_of
        self._site_of = site_of

    @property
    def mesh(self) -> Mesh:
        """The running mesh.

        Raises:
            MeshError: Why there is none.
        """
        if isinstance(self._mesh, MeshError):
            raise self._mesh.with_traceback(None)  # else it would grow with every request
        return self._mesh

    async def document(self, options: CallOptions) -> str | None:
        """The notebook a call is attributed to: as declared, else that of the kernel that asks."""
        if options.document is not None or options.kernel is None or self._document_of is None:
            return options.document
        return await self._document_of(options.kernel)

    async def site(self, request: HttpRequest) -> SiteLink | None:
        """Where the caller's pages are; None: JupyterLab has them."""
        return None if self._site_of is None else await self._site_of(request)
