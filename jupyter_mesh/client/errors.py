"""What a caller sees when something goes wrong: one sentence that names the next step."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import MeshError
from ..schemas.json import as_object, as_str


class MeshClientError(MeshError):
    """A call failed, at the gateway or on the way to it.

    Attributes:
        code: The gateway's own code (`budget_exceeded`, `model_not_found`…), or this client's:
            `gateway_not_found`, `gateway_unreachable`, `gateway_timeout`, `connection_lost`,
            `stream_cut`, `protocol_error`, `invalid_answer`, `invalid_argument`,
            `too_expensive`, `missing_package`.
        status: The HTTP status, 0 where none was received.
        request_id: Under which the gateway recorded the call, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int = 0,
        param: str | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, param=param, retry_after=retry_after)
        self.code = code  # pyright: ignore[reportAttributeAccessIssue]
        self.status = status
        self.request_id = request_id

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: one line. Scripts keep their traceback."""
        return [f"{type(self).__name__}: {self.message}"]


def from_problem(
    problem: object, *, status: int, headers: Mapping[str, str] | None = None
) -> MeshClientError:
    """The error that a refusal's `error` object describes; `problem` may be anything."""
    headers = headers or {}
    error = as_object(problem) or {}
    message = as_str(error.get("message")) or _message_of_status(status)
    return MeshClientError(
        message,
        code=as_str(error.get("code")) or _CODES.get(status, "protocol_error"),
        status=status,
        param=as_str(error.get("param")),
        retry_after=_seconds(headers.get("Retry-After")),
        request_id=as_str(error.get("request_id")) or headers.get("X-Mesh-Request-Id"),
    )


_CODES = {
    401: "invalid_api_key",
    403: "not_permitted",
    404: "not_found",
    429: "rate_limit_exceeded",
}


def _message_of_status(status: int) -> str:
    if status in (301, 302, 303, 307, 308, 401, 403):
        return (
            f"The gateway did not accept this kernel's token (HTTP {status}): restart the kernel, "
            "or set JUPYTER_MESH_TOKEN to a valid one."
        )
    if status == 404:
        return (
            "Nothing of the mesh answers at this address (HTTP 404): check that the server has "
            "jupyter-mesh installed and that JUPYTER_MESH_URL ends with /mesh/."
        )
    return (
        f"The gateway answered HTTP {status} without saying why: ask its admin to look at its log."
    )


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None  # an HTTP date: the gateway itself always sends seconds
