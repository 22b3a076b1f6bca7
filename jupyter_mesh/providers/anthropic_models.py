"""What Anthropic's models take, by their names.

Source: Anthropic's model pages, "Migrating to API version 2026-10-21" and "What's new in Claude
Opus 5.5" (platform.claude.com/docs, read on 2026-11-22). A model whose name says nothing is taken
for one that knows only what every server of this format does.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..schemas.frozen import frozen

_NEW_NAME = re.compile(r"claude-([a-z]+)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
"""`claude-opus-4-7`, `claude-opus-4-20250514`, `anthropic.claude-opus-4-1-20250805-v1:0`."""
_OLD_NAME = re.compile(r"claude-(\d)(?:[-.](\d))?-([a-z]+)")
"""`claude-3-5-sonnet-20241022`."""
_UNNUMBERED = re.compile(r"claude-([a-z]+)-(?:preview|latest)")
_NEWEST = (99, 0)
_ALWAYS_THINK = {"opus": (5, 5), "fable": (5, 0), "mythos": (0, 0)}
"""From which version on thinking cannot be turned off, nor a tool be forced."""


@frozen
class ClaudeModel:
    """What a model takes.

    Attributes:
        samples: `temperature`, `top_p` and `top_k`; with the older version of the API only.
        samples_one_way: `temperature` and `top_p` exclude each other.
        thinks: Whether it can think before it answers.
        adaptive: It decides itself how long it thinks, guided by an effort; otherwise it is given a
            number of tokens.
        always_thinks: Thinking cannot be turned off, and a tool cannot be forced upon it.
        schemas: Answers and arguments of tools that are held to a JSON schema.
        finest_effort: Whether the effort `xhigh` exists.
        max_output: The most tokens of an answer; None: unknown.
    """

    samples: bool = True
    samples_one_way: bool = False
    thinks: bool = False
    adaptive: bool = False
    always_thinks: bool = False
    schemas: bool = False
    finest_effort: bool = False
    max_output: int | None = None


@lru_cache(maxsize=256)
def claude_model(name: str) -> ClaudeModel:
    """What the model of this name takes."""
    found = _family_and_version(name.lower())
    if found is None:
        return ClaudeModel()
    family, version = found
    return ClaudeModel(
        samples=version < (4, 7),
        samples_one_way=version >= (4, 1),
        thinks=version >= (3, 7),
        adaptive=version >= (4, 6),
        always_thinks=version >= _ALWAYS_THINK.get(family, (100, 0)),
        schemas=version >= (4, 5),
        finest_effort=version >= (4, 7),
        max_output=_max_output(family, version),
    )


def _family_and_version(name: str) -> tuple[str, tuple[int, int]] | None:
    if match := _NEW_NAME.search(name):
        return match[1], (int(match[2]), int(match[3] or 0))
    if match := _OLD_NAME.search(name):
        return match[3], (int(match[1]), int(match[2] or 0))
    if match := _UNNUMBERED.search(name):
        return match[1], _NEWEST
    return None


def _max_output(family: str, version: tuple[int, int]) -> int:
    if version < (3, 5):
        return 4_096
    if version < (3, 7):
        return 8_192
    if family == "opus" and version < (4, 5):
        return 32_000
    if version < (4, 6) or (family != "opus" and version < (4, 7)):
        return 64_000
    return 128_000
