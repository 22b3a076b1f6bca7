"""How much a model thinks before it answers: OpenAI's `reasoning_effort` in the words of each
family of models.
"""

from __future__ import annotations

from ..schemas.frozen import frozen
from ..schemas.json import JsonObject, as_object, as_str
from .anthropic_models import claude_model
from .bedrock_models import plain_name

_EFFORTS = {
    "minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh",
    "max": "max",
}  # fmt: skip
_BUDGETS = {"low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 32_000, "max": 32_000}
"""Tokens for thinking, for models that want a number."""
_LEAST_BUDGET = 1_024
_LONGEST = 64_000


@frozen
class Reasoning:
    """What is said about thinking.

    Attributes:
        fields: Of `additionalModelRequestFields`.
        effort: Of `outputConfig`; None: the model's own.
        dropped: The effort that was asked for cannot be had.
    """

    fields: JsonObject
    effort: str | None = None
    dropped: bool = False

    @property
    def on(self) -> bool:
        """Whether a Claude model is asked to think: it takes no sampling parameters then."""
        return (as_object(self.fields.get("thinking")) or {}).get("type") in ("enabled", "adaptive")


def reasoning(body: JsonObject, model: str, *, hindered: bool) -> Reasoning:
    """What the request says about thinking.

    Args:
        body: In OpenAI's shape; Anthropic's own `thinking` in it counts before the effort.
        model: Its id.
        hindered: A tool is forced upon the model, or its last call of a tool stands there without
            thoughts: a model that is given a budget refuses to think then.
    """
    name, word = plain_name(model), as_str(body.get("reasoning_effort"))
    if (own := as_object(body.get("thinking"))) is not None:
        return Reasoning({"thinking": own}, dropped=word is not None)
    if word is None:
        return Reasoning({})
    effort = _EFFORTS.get(word)
    if name.startswith("claude"):
        return _claude(body, name, word, effort, hindered=hindered)
    coarse = "high" if effort in ("xhigh", "max") else effort
    if name.startswith("nova-2"):
        if coarse is None:
            return Reasoning({"reasoningConfig": {"type": "disabled"}}, dropped=word != "none")
        on: JsonObject = {"type": "enabled", "maxReasoningEffort": coarse}
        return Reasoning({"reasoningConfig": on})
    if name.startswith("gpt-oss") and coarse is not None:
        return Reasoning({"reasoning_effort": coarse})
    return Reasoning({}, dropped=True)


def _claude(
    body: JsonObject, name: str, word: str, effort: str | None, *, hindered: bool
) -> Reasoning:
    model = claude_model(name)
    if word == "none" and not model.always_thinks:
        return Reasoning({"thinking": {"type": "disabled"}} if model.thinks else {})
    if effort is None or not model.thinks:
        return Reasoning({}, dropped=True)
    if model.adaptive:
        effort = "high" if effort == "xhigh" and not model.finest_effort else effort
        return Reasoning({} if hindered else {"thinking": {"type": "adaptive"}}, effort)
    longest = body.get("max_completion_tokens") or body.get("max_tokens") or _LONGEST
    budget = min(_BUDGETS[effort], (longest if isinstance(longest, int) else _LONGEST) // 2)
    if budget < _LEAST_BUDGET or hindered:
        return Reasoning({}, dropped=True)
    return Reasoning({"thinking": {"type": "enabled", "budget_tokens": budget}})
