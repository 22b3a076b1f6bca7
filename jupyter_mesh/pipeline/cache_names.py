"""Under what an answer is kept: everything that could change it, or who may have it."""

from __future__ import annotations

import hashlib

import orjson

from ..schemas.frozen import frozen
from ..schemas.json import Json, JsonObject
from ..schemas.policy import CacheScope
from ..schemas.request import Operation
from .call import Call
from .judging import all_rules_for
from .screening_report import changes

_IRRELEVANT = frozenset(
    {"model", "stream", "stream_options", "user", "metadata", "store", "service_tier"}
)
_EACH_TEXT = frozenset({"input", "encoding_format"})
"""What is not part of the question where each text is kept by itself."""


@frozen
class Names:
    """What the answer to a call is called.

    Attributes:
        key: A hash of everything that could change the answer; of embeddings without the texts,
            each of which is kept by itself.
        flight: Calls with the same one are made once.
        idempotency: Where the answer to a retry stands.
        digest: A hash of what is asked under an idempotency key, whatever the policy is now.
    """

    key: str
    flight: str
    idempotency: str | None = None
    digest: str = ""


def names_of(call: Call) -> Names | None:
    """None: it is neither looked for nor kept."""
    if not call.guarded:
        return None
    if call.idempotency_key is not None:
        caller = call.principal
        named = f"{caller.user}\0{caller.key_id}\0{caller.application}\0{call.idempotency_key}"
        name = f"idempotency|{hashlib.sha256(named.encode()).hexdigest()}"
        asked: list[Json] = [call.request.operation, call.request.model, _parameters(call)]
        return Names(key_of(call, call.snapshot.cache.scope), name, name, digest_of(asked))
    if not may_be_kept(call):
        return None
    key = key_of(call, call.snapshot.cache.scope)
    texts = ""
    if call.request.operation is Operation.EMBEDDING:
        texts = digest_of([call.request.body.get(name) for name in sorted(_EACH_TEXT)])
    return Names(key, f"{key}|{texts}|{','.join(one.id for one in call.candidates)}")


def may_be_kept(call: Call) -> bool:
    """Whether others may get this call's answer, and it theirs. What guards say is asked anew."""
    if call.request.operation is Operation.MODERATION:
        return False
    return call.snapshot.cache.enabled and not call.cache.no_store


def key_of(call: Call, scope: CacheScope, **instead: Json) -> str:
    """A hash of everything that could change the answer, or who may have it: the tenant scope, the
    caller's groups, the policy and which of its rules judge the call (they may be for some
    applications or models only), what was redacted, every parameter; `instead` of those named so.
    """
    each = call.request.operation is Operation.EMBEDDING
    parameters = {**_parameters(call), **instead}
    # Those without any group are no group: nothing says that they may read one another.
    apart = scope == "user" or (scope == "group" and not call.groups)
    redacted = any(map(changes, call.report.verdicts))
    return digest_of(
        [
            scope,
            call.principal.user if apart else None,
            [*sorted(call.groups)],
            call.request.operation,
            call.snapshot.policy,
            [*all_rules_for(call)],
            redacted,
            {k: v for k, v in parameters.items() if not (each and k in _EACH_TEXT)},
        ]
    )


def digest_of(parts: list[Json]) -> str:
    """A full hash, the same in every process."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _parameters(call: Call) -> JsonObject:
    return {name: value for name, value in call.request.body.items() if name not in _IRRELEVANT}
