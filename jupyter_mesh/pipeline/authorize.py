"""May this principal use this model for this purpose? Fails closed."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from ..errors import InvalidRequest, ModelNotFound, NotPermitted, UseCaseStopped
from ..schemas.audit import UNSPECIFIED
from ..schemas.events import Events
from ..schemas.principal import Scope
from ..schemas.request import Operation
from .call import Call
from .snapshot import OWN_GUARDS
from .step import Next, Step

_MAX_DEPTH = 3
_MOST_COMPARED = 200


class Authorize(Step):
    """Checks scope, model and purpose against the call's frozen snapshot.

    A model one may not see is 404, the same as one that does not exist.
    """

    async def __call__(self, call: Call, next: Next) -> Events:
        authorize(call)
        return await next(call)


def authorize(call: Call) -> None:
    """Check the call and set its `groups` and `purpose`.

    Raises:
        NotPermitted: The scope, the purpose or the nesting is not allowed.
        UseCaseStopped: An admin has stopped this use.
        ModelNotFound: No such model is open to the caller.
    """
    principal, snapshot = call.principal, call.snapshot
    if call.purpose is None and call.parent is None:
        call.purpose = principal.purpose  # the record of a refusal says it, too
    if not principal.may(Scope.USE):
        raise NotPermitted("This credential may not ask models; use one with the `use` scope.")
    if call.depth > _MAX_DEPTH:
        raise NotPermitted(f"Calls made for calls may nest {_MAX_DEPTH} deep at most.")
    call.groups = snapshot.groups_of(principal)
    name = call.request.model
    if len(name) > 512:
        raise InvalidRequest("`model` is longer than 512 characters.", param="model")
    if call.request.operation is Operation.MODERATION:
        if snapshot.judging(name, principal) is None:
            raise ModelNotFound(
                f"No model {name[:80]!r} is open to you that judges texts: leave `model` out, or "
                f"name {OWN_GUARDS!r}.",
                param="model",
            )
    elif call.guarded:
        if name not in (visible := snapshot.visible(principal)):
            next_step = _meant(name, visible) or "choose one from the list of models."
            if not visible:
                next_step = f"none is; ask {snapshot.admin_contact or 'an admin of this mesh'}."
            raise ModelNotFound(
                f"No model {name[:80]!r} is open to you: {next_step}", param="model"
            )
    elif name not in snapshot.models or not snapshot.models[name].facts.internal:
        raise ModelNotFound(f"{name[:80]!r} is not a model marked `internal`.", param="model")
    if call.parent is None:
        _check_purpose(call)
        if snapshot.stopped:
            _refuse_stopped(call)


def _meant(name: str, visible: Collection[str]) -> str | None:
    """Which of the models that are open may have been meant: by its name without connection, or by
    one that is spelt nearly so.
    """
    own = name.rpartition("/")[2]
    same = [one for one in visible if one.partition("/")[2] in (name, own)]
    # Spelling is compared with a few hundred names at most: a refusal is to cost little.
    near = same or get_close_matches(name[:80], sorted(visible)[:_MOST_COMPARED], n=1, cutoff=0.75)
    return f"did you mean {sorted(near)[0]!r}?" if near else None


def _check_purpose(call: Call) -> None:
    bound = call.principal.purpose
    if bound is not None and call.purpose != bound:
        raise NotPermitted(f"This credential is for the purpose {bound!r} only.")
    listed, required = call.snapshot.purposes(call.groups)
    if call.purpose is None:
        if required:
            raise NotPermitted(f"Name a purpose for this call: one of {', '.join(listed)}.")
    elif listed and call.purpose not in listed:
        raise NotPermitted(
            f"The purpose {call.purpose[:80]!r} is not open to you; use one of {', '.join(listed)}."
        )


def _refuse_stopped(call: Call) -> None:
    application, purpose = call.principal.application, call.purpose or UNSPECIFIED
    for rule in call.snapshot.stopped:
        if rule.covers(application, purpose):
            raise UseCaseStopped(
                f"The use of models by {application!r} for {purpose[:80]!r} is stopped"
                f"{f': {rule.reason}' if rule.reason else ''}. Ask {rule.owner or 'your admin'}."
            )
