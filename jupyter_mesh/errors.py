"""Every error the mesh raises on purpose.

    MeshError
    ├── InvalidRequest                400  the request cannot be understood
    │   ├── UnknownParameter          400  a routing field, or one nobody knows
    │   ├── RequestTooLarge           413
    │   └── ContextTooLong            400  longer than the model's context; another may do
    ├── Unauthenticated               401
    ├── BudgetExceeded                402  nothing was sent
    ├── NotPermitted                  403
    │   └── UseCaseStopped            403  an admin has stopped this use
    ├── NotFound                      404  also what one may not see
    ├── Conflict                      409  somebody saved first
    ├── Blocked                       400  a screening or moderation policy refused the text
    ├── LimitExceeded                 429  try again after `retry_after` seconds
    ├── Unavailable                   503  a part that guards the call has failed: closed
    │   ├── AuditUnavailable          503
    │   ├── ScreeningUnavailable      503
    │   ├── ModerationUnavailable     503
    │   ├── StoreUnavailable          503
    │   ├── IdentityUnavailable       503  JupyterHub cannot be asked who is calling
    │   └── LimitsUnavailable         503  the Redis that counts for all gateways is gone
    ├── ProviderError                 502  what a provider did
    │   ├── ProviderRejected          4xx  the provider refused the request itself
    │   ├── ProviderRateLimited       429  retryable
    │   ├── ProviderUnavailable       502  retryable: refused, reset, 5xx
    │   ├── ProviderTimeout           504  retryable before the first event
    │   ├── ProviderMisconfigured     502  its connection cannot work as configured
    │   ├── ProviderProtocolError     502  it answered with something that is not the protocol
    │   └── AllCandidatesFailed       last one's status; a reason for each candidate
    └── ConfigError                   500  `mesh.yaml` or an environment variable is wrong

A message is one sentence that says what happened and names the next step. It never holds a key, a
traceback or the text of a prompt.
"""

from __future__ import annotations

from typing import ClassVar


class MeshError(Exception):
    """The root. `message` is meant for the person who made the call.

    Attributes:
        code: Stable, machine-readable; clients may branch on it.
        status: The HTTP status it becomes.
        kind: OpenAI's `type` field.
        param: The request field at fault, if one is.
        retry_after: Seconds after which a retry may succeed, if known.
    """

    code: ClassVar[str] = "internal_error"
    status: int = 500
    kind: str = "server_error"

    def __init__(
        self, message: str, *, param: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after


class InvalidRequest(MeshError):
    """The request cannot be understood; `param` names the field."""

    code = "invalid_request"
    status = 400
    kind = "invalid_request_error"


class UnknownParameter(InvalidRequest):
    """A field that callers may not set, such as `base_url` or `api_key`."""

    code = "unknown_parameter"


class UnsupportedParameter(InvalidRequest):
    """A field, or what it asks for, that the model's API does not have. Another model may do."""

    code = "unsupported_parameter"


class RequestTooLarge(InvalidRequest):
    """The body is larger than the gateway takes."""

    code = "request_too_large"
    status = 413


class ContextTooLong(InvalidRequest):
    """The prompt is longer than a model's context window; raised to the caller when it is longer
    than that of every candidate.
    """

    code = "context_length_exceeded"


class Unauthenticated(MeshError):
    """No credential, or one the mesh does not know."""

    code = "invalid_api_key"
    status = 401
    kind = "authentication_error"


class BudgetExceeded(MeshError):
    """A budget has no room for this call; nothing was sent."""

    code = "budget_exceeded"
    status = 402
    kind = "insufficient_quota"
    budget: str | None = None
    """The ledger's key of the budget, where one had no room."""
    too_large: bool = False
    """The whole budget has no room for it, though it is not used up."""


class NotPermitted(MeshError):
    """The caller is known but may not do this."""

    code = "not_permitted"
    status = 403
    kind = "permission_error"


class UseCaseStopped(NotPermitted):
    """An admin has stopped what this application does for this purpose; nothing was sent."""

    code = "use_case_stopped"


class NotFound(MeshError):
    """It does not exist, or the caller may not know that it does: the same answer."""

    code = "not_found"
    status = 404
    kind = "invalid_request_error"


class ModelNotFound(NotFound):
    """No model or alias of that name is open to the caller."""

    code = "model_not_found"


class Conflict(MeshError):
    """Somebody else changed it first, or an idempotency key was reused for another request."""

    code = "conflict"
    status = 409
    kind = "invalid_request_error"


class Blocked(MeshError):
    """A screening or moderation policy refused the text. Names kinds found, never the text."""

    code = "content_blocked"
    status = 400
    kind = "invalid_request_error"


class LimitExceeded(MeshError):
    """Too many requests, tokens or parallel calls; `retry_after` says when there is room."""

    code = "rate_limit_exceeded"
    status = 429
    kind = "rate_limit_error"
    limit: str | None = None
    """What people call the limit."""


class Unavailable(MeshError):
    """A part that guards the call has failed, so the call is refused; nothing was sent.

    Attributes:
        guard: The guard that failed, where one did.
        why: What happened to it, for admins; nothing of a text.
    """

    code = "unavailable"
    status = 503
    guard: str | None = None
    why: str = ""


class AuditUnavailable(Unavailable):
    """The call could not be recorded durably: no record, no call."""

    code = "audit_unavailable"


class ScreeningUnavailable(Unavailable):
    """A detector failed, so the text could not be screened."""

    code = "screening_unavailable"


class ModerationUnavailable(Unavailable):
    """A moderation guard failed, so the text could not be judged."""

    code = "moderation_unavailable"


class StoreUnavailable(Unavailable):
    """The mesh's own database does not answer."""

    code = "store_unavailable"


class IdentityUnavailable(Unavailable):
    """Nobody can tell who is calling: JupyterHub does not answer."""

    code = "identity_unavailable"


class LimitsUnavailable(Unavailable):
    """Nobody can tell whether a limit has room: what counts for all gateways does not answer."""

    code = "limits_unavailable"


class ProviderError(MeshError):
    """What a provider did. `retryable` failures may be tried again before the first event.

    Attributes:
        processed: The provider had begun to answer, but what came cannot be used: it has done the
            work and may charge for it, so the request is not sent again.
    """

    code = "provider_error"
    status = 502
    kind = "upstream_error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        retry_after: float | None = None,
        processed: bool = False,
    ) -> None:
        super().__init__(message, param=param, retry_after=retry_after)
        self.processed = processed


class ProviderRejected(ProviderError):
    """The provider refused the request itself (a 4xx); its status is passed on."""

    code = "provider_rejected"

    def __init__(self, message: str, *, status: int, param: str | None = None) -> None:
        super().__init__(message, param=param)
        self.status = status


class ProviderRateLimited(ProviderError):
    """The provider answered 429."""

    code = "provider_rate_limited"
    status = 429
    retryable = True


class ProviderUnavailable(ProviderError):
    """Connection refused or reset, or a 5xx."""

    code = "provider_unavailable"
    retryable = True


class ProviderTimeout(ProviderError):
    """The deadline passed while waiting for the provider."""

    code = "provider_timeout"
    status = 504
    retryable = True


class ProviderProtocolError(ProviderError):
    """The provider's answer is not what its protocol promises (HTML, broken JSON, a cut stream)."""

    code = "provider_protocol_error"
    retryable = True


class ProviderMisconfigured(ProviderError):
    """The connection cannot work as configured: no key, no such model on this machine. Another
    model
    may do.
    """

    code = "provider_misconfigured"


class AllCandidatesFailed(ProviderError):
    """Every model behind the name failed; the message gives a reason for each."""

    code = "all_candidates_failed"

    def __init__(self, message: str, *, status: int, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status


class ConfigError(MeshError):
    """The configuration is wrong; the message names the file, the key and the nearest valid one."""

    code = "config_error"
