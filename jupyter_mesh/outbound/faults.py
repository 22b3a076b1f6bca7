"""What went wrong upstream, as the mesh's own errors: without keys, prompts or HTML pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import orjson

from ..errors import (
    ContextTooLong,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from ..schemas.frozen import frozen
from ..schemas.json import Json, as_int, as_list, as_object, as_str, dig

_LONGEST_WAIT = 86_400.0
_RATE_LIMITED = ("429", "rate_limit", "quota", "too_many_requests", "resource_exhausted", "throttl")
_REJECTED = (
    "invalid",
    "not_found",
    "unsupported",
    "context_length",
    "permission",
    "authentication",
)
_OF_THE_MODEL = frozenset({424, 425})
"""Below 500, yet no fault of the request: the model behind the API failed (Bedrock, TGI)."""
_TOO_LONG = re.compile(
    "maximum context length|context[ _](?:length|window|size)|(?:prompt|input) is too long"
    "|input token count .*exceeds the maximum|too many tokens: ",
    re.IGNORECASE,
)
"""OpenAI and what speaks its protocol, vLLM, llama.cpp, Anthropic, Gemini, Cohere."""
_NO_MODEL = re.compile(r"(?:the |publisher )?model(?:s/|:| [`'\"])", re.IGNORECASE)
"""OpenAI, vLLM, Ollama, Anthropic, Gemini, Vertex. Only at the beginning: further in, it may be a
quote.
"""

Fault: TypeAlias = ProviderError | ContextTooLong


@frozen
class Faults:
    """Names the failures of one connection.

    Attributes:
        who: How messages call it, such as `The connection 'openai'`.
        scrub: Takes keys and prompts out of what the upstream said.
        answering: The answer has begun with status 200, so what breaks now was processed.
        listing: Only the list of models was asked for, so that its address is what is tried.
        address: What is known of right addresses, as a part of a sentence.
        settings: Which settings say where it is.
    """

    who: str
    scrub: Callable[[str], str]
    answering: bool = False
    listing: bool = False
    address: str = ""
    settings: str = "the host and port of its base URL"

    def once(self, status: int) -> Faults:
        """The same faults, once an answer of this status has begun."""
        return replace(self, answering=True, listing=False) if status == 200 else self

    def from_status(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        """The error for an answer whose status is not 200."""
        error = _error_in(body)
        wait = retry_after(headers)
        return self._sort(
            status, _said(error, body), error, _delay(error) if wait is None else wait
        )

    def from_error(self, error: Json) -> Fault:
        """The error for an `error` object that came with status 200 or inside a stream."""
        fields = as_object(error) or {}
        status = as_int(fields.get("code")) or as_int(fields.get("status")) or _status_of(fields)
        told = status if 400 <= status < 600 else None
        return self._sort(told, _said(error, b""), error, _delay(error))

    def protocol(self, what: str) -> ProviderProtocolError:
        """The error for an answer that is not what the protocol promises."""
        return ProviderProtocolError(
            f"{self.who} {what}. Try again; if it stays so, an admin should check its `base_url`.",
            processed=self.answering,
        )

    def unreachable(self, what: str) -> ProviderUnavailable:
        """The error for a connection that cannot be made or was lost."""
        advice = "Try again in a moment."
        if self.listing:
            advice = f"Check that it is running, and {self.settings}."
        return ProviderUnavailable(
            f"{self.who} {self.scrub(what)}. {advice}", processed=self.answering
        )

    def timeout(self, seconds: float, event: str) -> ProviderTimeout:
        """The error for waiting longer than allowed for `event`."""
        return ProviderTimeout(
            f"{self.who} sent no {event} within {seconds:g} s. Try again, or choose a faster model."
        )

    def _sort(self, status: int | None, said: str, error: Json, wait: float | None) -> Fault:
        said = self.scrub(said)
        quoted = f": {said}{'' if said[-1] in '.!?…' else '.'}" if said else "."
        if status is None:
            return ProviderUnavailable(
                f"{self.who} reported an error{quoted} Try again in a moment."
            )
        if status == 429:
            when = f"in {wait:g} s" if wait is not None else "later"
            return ProviderRateLimited(
                f"{self.who} is too busy or out of quota (429){quoted} Try again {when}.",
                retry_after=wait,
            )
        if status in (408, 504):
            return ProviderTimeout(
                f"{self.who} timed out ({status}){quoted} Try again.", retry_after=wait
            )
        if 300 <= status < 400:
            return ProviderProtocolError(
                f"{self.who} answered with a redirect ({status}), and the mesh follows none. "
                "Ask an admin to set its `base_url` to the final address."
            )
        if 400 <= status < 500 and status not in _OF_THE_MODEL:
            param = as_str(dig(error, "param"))
            if status == 404 and _is_about_the_model(error, said):
                param = "model"
            if status in (400, 413, 422) and _is_too_long(error, said):
                return ContextTooLong(
                    f"{self.who} finds the prompt too long{quoted} Shorten it, or choose a model "
                    "with a larger context.",
                    param=param,
                )
            return ProviderRejected(self._refusal(status, quoted), status=status, param=param)
        return ProviderUnavailable(
            f"{self.who} failed ({status}){quoted} Try again in a moment.", retry_after=wait
        )

    def _refusal(self, status: int, quoted: str) -> str:
        if status in (401, 403):
            return (
                f"{self.who} refused the gateway's own key ({status}){quoted} "
                "Ask an admin to check its `api_key`."
            )
        if self.listing and status in (404, 405):
            return (
                f"{self.who} has no list of models at its address ({status}){quoted} "
                f"Check its base URL{self.address}."
            )
        return f"{self.who} refused the request ({status}){quoted}"


def _error_in(body: bytes) -> Json:
    """The error object of a body, whichever way vendors wrap it; None where there is none."""
    try:
        value: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    items = as_list(value)
    outer = as_object(items[0] if items else value)
    if outer is None:
        return None
    return outer.get("error") or outer.get("errors") or outer


def _said(error: Json, body: bytes) -> str:
    """The sentence in an error object, or in a plain-text body; nothing of an HTML page."""
    if isinstance(error, str):
        return error
    for item in [error, *(as_list(error) or [])]:
        for name in ("message", "Message", "detail", "msg", "error", "title"):
            if text := as_str(dig(item, name)):
                return text
    if detail := as_list(dig(error, "detail")):
        return "; ".join(filter(None, (as_str(dig(item, "msg")) for item in detail)))
    text = body[:2_000].decode("utf-8", "replace").strip()
    return "" if error is not None or re.match(r"[<{\[]", text) else text


def _is_too_long(error: Json, said: str) -> bool:
    code = as_str(dig(error, "code")) or ""
    return code == ContextTooLong.code or _TOO_LONG.search(said) is not None


def _is_about_the_model(error: Json, said: str) -> bool:
    """Whether what is not there is the model, rather than something the caller named."""
    code = as_str(dig(error, "code"))
    return code in ("model_not_found", "DeploymentNotFound") or _NO_MODEL.match(said) is not None


def _status_of(error: Mapping[str, Json]) -> int:
    """A status for an error that names none, from its type and code; 0 when they say little."""
    words = " ".join(str(error.get(name) or "") for name in ("code", "type", "status")).lower()
    if any(word in words for word in _RATE_LIMITED):
        return 429
    return 400 if any(word in words for word in _REJECTED) else 0


def _delay(error: Json) -> float | None:
    """Seconds to wait that stand in the error itself, as `google.rpc.RetryInfo` says them."""
    for detail in as_list(dig(error, "details")) or []:
        delay = as_str(dig(detail, "retryDelay")) or ""
        try:
            seconds = float(delay.removesuffix("s"))
        except ValueError:
            continue
        return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else None
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, at most a day, from `retry-after-ms` or `Retry-After` (number or date)."""
    for name, unit in (("retry-after-ms", 1e-3), ("Retry-After", 1.0)):
        if (text := headers.get(name)) is None:
            continue
        try:
            seconds = float(text) * unit
        except ValueError:
            seconds = _seconds_until(text)
        if seconds is not None and seconds == seconds:
            return min(max(seconds, 0.0), _LONGEST_WAIT)
    return None


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
