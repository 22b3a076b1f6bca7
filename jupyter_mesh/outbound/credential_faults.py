"""What a vendor's library says when it finds no credentials: its words are for the log only.

They may quote what a program printed that was asked for a password, or a server's whole answer.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from .scrub import scrub

_log = logging.getLogger("jupyter_mesh")
_CODE = re.compile(r"[A-Za-z][A-Za-z_]{2,63}")


def named(who: str, error: Exception, secrets: Iterable[str], code: object = None) -> str:
    """What callers may read of it: the kind of the error. The rest is logged, without secrets.

    Args:
        who: The connection, as messages call it.
        error: The library's.
        secrets: Values that must not appear.
        code: A word of the vendor's for what went wrong, such as `AccessDenied`; anything else is
            left out.
    """
    kind = type(error).__name__
    _log.warning("%s got no credentials: %s: %s", who, kind, scrub(str(error), secrets))
    if isinstance(code, str) and _CODE.fullmatch(code):
        return f"{kind}: {code}"
    return kind
