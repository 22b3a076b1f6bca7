"""What a model's name tells about it where its server says nothing.

Names follow their vendors' public documentation. A capability not known is not claimed; what an
admin writes beside a model counts more.
"""

from __future__ import annotations

import re

from ..schemas.catalog import Capability
from ..schemas.request import Operation

_NO_TEXT = re.compile(
    r"whisper|tts|transcribe|dall-e|image|sora|moderation|realtime|veo|imagen|lyria|live-", re.I
)
_EMBEDDING = re.compile(
    r"embed|(?:^|/)(?:bge|gte|e5|all-minilm|all-mpnet|nomic|mxbai|voyage)[-_]", re.I
)
_RERANK = re.compile(r"rerank", re.I)
_COMPLETION_ONLY = re.compile(r"(?:davinci|babbage)-002|turbo-instruct", re.I)

_TOOLS = re.compile(
    r"(?:^|/)(?:gpt-[4-9]|gpt-3\.5-turbo|gpt-oss|chatgpt-4o|o[1345](?:-|$)|claude|gemini-|mistral-|ministral"
    r"|codestral|devstral|magistral|grok-|deepseek|command-[ar]|kimi|glm-[4-9]|nova-)"
    r"|qwen-?[23]|llama-?(?:3\.[1-9]|4)",
    re.I,
)
_JSON_SCHEMA = re.compile(
    r"(?:^|/)(?:gpt-4o|gpt-4\.1|gpt-[5-9]|gpt-oss|o[1345](?:-|$)|gemini-|mistral-|ministral|grok-)",
    re.I,
)
_VISION = re.compile(
    r"(?:^|/)(?:gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-[5-9]|o[1345](?:-(?!mini)|$)|o4-mini|claude|gemini-|pixtral)"
    r"|llava|-vl\b|vision|llama-?4",
    re.I,
)
_LOGPROBS = re.compile(r"(?:^|/)(?:gpt-3\.5-turbo|gpt-4(?:o|\.1|-|$))", re.I)
_REASONING = re.compile(
    r"(?:^|/)(?:o[1345](?:-|$)|gpt-[5-9]|gpt-oss|magistral|qwq)|deepseek-r|reason|thinking|qwen3",
    re.I,
)
_AUDIO = re.compile(r"audio", re.I)

_CAPABILITIES = (
    (_TOOLS, Capability.TOOLS),
    (_JSON_SCHEMA, Capability.JSON_SCHEMA),
    (_VISION, Capability.VISION),
    (_LOGPROBS, Capability.LOGPROBS),
    (_REASONING, Capability.REASONING),
    (_AUDIO, Capability.AUDIO),
)


def operations_of(name: str) -> frozenset[Operation]:
    """What the model can be asked; empty for models of speech, pictures and the like."""
    if _RERANK.search(name):
        return frozenset({Operation.RERANK})
    if _EMBEDDING.search(name):
        return frozenset({Operation.EMBEDDING})
    if _NO_TEXT.search(name):
        return frozenset()
    if _COMPLETION_ONLY.search(name):
        return frozenset({Operation.COMPLETION})
    return frozenset({Operation.CHAT})


def capabilities_of(name: str) -> frozenset[Capability]:
    """What a chat model of this name is known to do beyond text."""
    if Operation.CHAT not in operations_of(name):
        return frozenset()
    known = (capability for pattern, capability in _CAPABILITIES if pattern.search(name))
    return frozenset({Capability.STREAM, *known})
