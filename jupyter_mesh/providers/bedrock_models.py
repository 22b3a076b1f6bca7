"""What the models at Bedrock take, by their ids.

Source: Bedrock User Guide, "Supported models and model features", "Get validated JSON results from
models", "Model parameters". A capability not known is not claimed.
"""

from __future__ import annotations

import re

from ..schemas.catalog import Capability
from .anthropic_models import claude_model
from .model_hints import capabilities_of

_BEFORE_NAME = re.compile(r"^(?:(?:us-gov|us|eu|apac|global|jp|au|ca|sa|me|af)\.)?[a-z0-9]+\.")
_NO_SCHEMA = re.compile(r"nova|titan|llama|command|jamba|j2-|mixtral|pixtral|mistral-\w+-2[34]\d\d")
_TOOLS = re.compile(r"claude-(?!v2|instant)|nova|llama3-[1-9]|llama4|command-r|jamba-1-5|mistral-")
_VISION = re.compile(
    r"claude-(?!v2|instant)|nova-(?!micro|sonic)|llama3-2-(?:11|90)b|llama4|pixtral"
)


def plain_name(model: str) -> str:
    """The model's own name: without ARN, region and vendor, such as `claude-haiku-4-5-…`."""
    return _BEFORE_NAME.sub("", model.rpartition("/")[2])


def keeps_to_schemas(model: str) -> bool:
    """Whether Converse holds the model's answers to a JSON schema (`outputConfig`)."""
    name = plain_name(model)
    if name.startswith("claude"):
        return claude_model(name).schemas
    return _NO_SCHEMA.search(name) is None


def bedrock_capabilities(model: str) -> frozenset[Capability]:
    """What a chat model is known to do beyond text."""
    name = plain_name(model)
    found = set(capabilities_of(name))
    if not found:
        return frozenset()
    if _TOOLS.search(name):
        found |= {Capability.TOOLS, Capability.JSON_SCHEMA}
    if _VISION.search(name):
        found.add(Capability.VISION)
    if name.startswith("claude") and claude_model(name).thinks:
        found.add(Capability.REASONING)
    return frozenset(found - {Capability.LOGPROBS})
