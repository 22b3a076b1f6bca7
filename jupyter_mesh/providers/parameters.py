"""A caller's parameters put into a vendor's names; what the vendor does not have is never lost in
silence.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import UnsupportedParameter
from ..schemas.json import Json, JsonObject
from .remote_config import Unsupported

_NEUTRAL: Mapping[str, tuple[Json, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "store": (False,),
    "service_tier": ("auto", "default"),
    "parallel_tool_calls": (True,),
    "modalities": (["text"],),
    "response_format": ({"type": "text"},),
    "tools": ([],),
    "stop": ([],),
    "verbosity": ("medium",),
    "metadata": ({},),
}
"""Values that say what happens anyway: an API that does not have the parameter keeps them too."""

_NEVER_DROPPED = frozenset(
    {
        "n", "best_of", "tools", "functions", "tool_choice", "function_call", "response_format",
        "audio", "modalities", "logprobs", "top_logprobs", "prediction", "web_search_options",
        "dimensions", "encoding_format", "echo", "suffix", "documents", "query", "top_n",
    }
)  # fmt: skip
"""They change the shape of an answer: whoever asks for them cannot do without."""

_READ_ELSEWHERE = frozenset({"model", "messages", "stream", "stream_options", "input", "prompt"})


def take(
    body: JsonObject,
    names: Mapping[str, str],
    *,
    read: frozenset[str] = frozenset(),
    unsupported: Unsupported,
    who: str,
) -> tuple[JsonObject, tuple[str, ...]]:
    """The parameters under the vendor's names, and those that were left out.

    Args:
        body: Of the request.
        names: The vendor's name of each parameter that it takes as it is.
        read: Parameters that the format puts into words itself.
        unsupported: What becomes of the others.
        who: The connection, as messages call it.

    Raises:
        UnsupportedParameter: One cannot be left out, or must not be.
    """
    taken: JsonObject = {}
    dropped: list[str] = []
    for name, value in body.items():
        if value is None or name in read or name in _READ_ELSEWHERE:
            continue
        if (theirs := names.get(name)) is not None:
            taken[theirs] = value
        elif not any(value == neutral for neutral in _NEUTRAL.get(name, ())):
            if unsupported == "refuse" or name in _NEVER_DROPPED:
                raise UnsupportedParameter(
                    f"{who} does not have the parameter `{name}`. Leave it out, or choose a model "
                    "of another provider.",
                    param=name,
                )
            dropped.append(name)
    return taken, tuple(dropped)
