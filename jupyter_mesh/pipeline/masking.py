"""What is left of a value that is masked: enough to tell which one it is, too little to use it."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
_SECRET = re.compile(
    r"(?:^|_)(?:COOKIE|CREDENTIALS?|CVV|JWT|KEY|PASSPHRASE|PASSWORD|PIN|SECRET|TOKEN)(?:_|$)"
)
"""Names of what must not be told by any part of it."""
_LONG, _MIDDLE = 14, 8
"""Letters and digits from which on the first and the last four are shown, or the last two."""


def masked(value: str, entity: str) -> str:
    """`4111 **** **** 1111`, `a**@*******.org`, `A** L*******`: as long as it was, and with the
    same marks between. Something is always hidden, and of a secret everything.
    """
    shown = "*" * len(value) if _SECRET.search(entity) else _shown(value, entity)
    if shown != value:
        return shown
    return _starred(value, 0, len(value)) if any(map(str.isalnum, value)) else "*" * len(value)


def _shown(value: str, entity: str) -> str:
    if entity == "EMAIL_ADDRESS" and "@" in value.strip("@"):
        return _address(value)
    count = sum(one.isalnum() for one in value)
    if not any(one.isdigit() for one in value):
        return _WORD.sub(lambda word: word[0][0] + "*" * (len(word[0]) - 1), value)
    first, last = (4, 4) if count >= _LONG else (0, 2) if count >= _MIDDLE else (0, 0)
    return _starred(value, first, count - last)


def _address(value: str) -> str:
    local, _, domain = value.rpartition("@")
    host, dot, top = domain.rpartition(".")
    hidden = _starred(host, 0, len(host)) if dot else _starred(top, 0, len(top))
    shown = _starred(local, 1 if len(local) > 2 else 0, len(local))
    return f"{shown}@{hidden}{dot}{top if dot else ''}"


def _starred(value: str, first: int, until: int) -> str:
    """`value` with its letters and digits from the `first` to before `until` made stars."""
    shown: list[str] = []
    seen = 0
    for one in value:
        shown.append("*" if one.isalnum() and first <= seen < until else one)
        seen += one.isalnum()
    return "".join(shown)
