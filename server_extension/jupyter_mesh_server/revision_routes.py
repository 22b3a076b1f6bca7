"""`/mesh/api/revision`: views that are open wait here until they have something else to show."""

from __future__ import annotations

import re
from hashlib import sha256

import orjson

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.api import Revision
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.principal import Principal

from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .replies import reply_with

HOLD = 20.0
"""Seconds for which a request waits: less than proxies let pass in silence. With what the Hub said
a few seconds before its end, a change of somebody's groups is told within 30 s.
"""
_REVISION = re.compile(r"(-1|\d{1,18})\.([0-9a-f]{16})")


async def another(gateway: Gateway, request: HttpRequest) -> None:
    """Wait until the revision is another than the caller's; not where the caller names none."""
    after = request.fields("after").get("after")
    if after is None:
        return
    named = _REVISION.fullmatch(after)
    if named is None:
        raise InvalidRequest("`after` is not a revision that was told here.", param="after")
    if named[2] == _rights(request.principal):
        # A gateway that has not taken over a change yet has an earlier one: it must not tell that.
        await gateway.mesh.revisions.later_than(int(named[1]), request.principal.user, HOLD)


async def get_revision(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/revision?after=`."""
    rights = _rights(request.principal)
    return reply_with(Revision(revision=f"{gateway.mesh.revisions.current}.{rights}"))


def _rights(principal: Principal) -> str:
    """Names what somebody may: a host may learn of other groups without any change here."""
    held = [sorted(principal.groups), sorted(principal.scopes)]
    return sha256(orjson.dumps(held)).hexdigest()[:16]
