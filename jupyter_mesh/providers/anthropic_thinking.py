"""How much a model thinks before it answers: OpenAI's `reasoning_effort` in Anthropic's words."""

from __future__ import annotations

from ..schemas.frozen import frozen
from ..schemas.json import JsonObject, as_object, as_str
from .anthropic_models import ClaudeModel

_EFFORTS = {
    "minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh",
    "max": "max",
}  # fmt: skip
_BUDGETS = {"low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 32_000, "max": 32_000}
"""Tokens for thinking, for models that want a number."""
_LEAST_BUDGET = 1_024


@frozen
class Thinking:
    """What is said about thinking.

    Attributes:
        fields: Of the request.
        effort: Of `output_config`; None: the model's own.
        dropped: The effort that was asked for cannot be had.
    """

    fields: JsonObject
    effort: str | None = None
    dropped: bool = False

    @property
    def on(self) -> bool:
        """Whether this request asks the model to think."""
        return (as_object(self.fields.get("thinking")) or {}).get("type") in ("enabled", "adaptive")


def thinking(
    body: JsonObject, model: ClaudeModel, max_tokens: int, *, forced: bool, unsigned: bool
) -> Thinking:
    """What the request says about thinking.

    Args:
        body: In OpenAI's shape; Anthropic's own `thinking` in it counts before the effort.
        model: What the model takes.
        max_tokens: Of the answer, of which thinking is a part.
        forced: A tool is forced upon the model, which may not think then.
        unsigned: The conversation stands at a tool's result whose call came without this model's
            thoughts; a model that is given a budget refuses to think then.
    """
    own = as_object(body.get("thinking"))
    word = as_str(body.get("reasoning_effort"))
    if own is not None:
        effort = _EFFORTS.get(word) if word and model.adaptive else None
        return Thinking({"thinking": own}, effort, word is not None and effort is None)
    if word is None:
        return Thinking({})
    if word == "none":
        if not model.thinks:
            return Thinking({})
        if model.always_thinks:
            return Thinking({}, dropped=True)
        return Thinking({"thinking": {"type": "disabled"}})
    effort = _EFFORTS.get(word)
    if effort is None or not model.thinks:
        return Thinking({}, dropped=True)
    if model.adaptive:
        effort = "high" if effort == "xhigh" and not model.finest_effort else effort
        # Where thinking is left out, so are its words; the effort holds for the whole answer.
        shown: JsonObject = {"type": "adaptive", "display": "summarized"}
        return Thinking({} if forced else {"thinking": shown}, effort)
    budget = min(_BUDGETS[effort], max_tokens // 2)
    if budget < _LEAST_BUDGET or forced or unsigned:
        return Thinking({}, dropped=True)
    return Thinking({"thinking": {"type": "enabled", "budget_tokens": budget}})
