"""From a request in OpenAI's shape to a job for the engine; what cannot be done is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, cast

from ..errors import ProviderRejected
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.request import Operation, Request
from ..spi.engine import ModelSpec, Task
from ..spi.jobs import ChatMessage, EncodeJob, GenerateJob, Job, Sampling, Scalar

OPERATIONS: Mapping[Task, frozenset[Operation]] = {
    Task.CHAT: frozenset({Operation.CHAT, Operation.COMPLETION}),
    Task.EMBED: frozenset({Operation.EMBEDDING}),
    Task.CLASSIFY: frozenset({Operation.CLASSIFY}),
    Task.TOKEN_CLASSIFY: frozenset({Operation.TOKEN_CLASSIFY}),
}
"""What can be asked of a model that was loaded for a task."""

_ENVELOPE = frozenset(
    {
        "model", "stream", "stream_options", "user", "metadata", "safety_identifier",
        "prompt_cache_key", "parallel_tool_calls",
    }
)  # fmt: skip
"""Fields that do not change what a model without tools says."""
_SAMPLING = frozenset(
    {
        "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "stop", "seed", "n",
        "repetition_penalty", "presence_penalty", "frequency_penalty", "logit_bias",
    }
)  # fmt: skip
_TAKEN: Mapping[Operation, frozenset[str]] = {
    Operation.CHAT: _SAMPLING | {"messages", "logprobs", "top_logprobs", "chat_template_kwargs"},
    Operation.COMPLETION: _SAMPLING | {"prompt"},
    Operation.EMBEDDING: frozenset(
        {"input", "encoding_format", "dimensions", "truncate_prompt_tokens"}
    ),
    Operation.CLASSIFY: frozenset({"input", "truncate_prompt_tokens"}),
    Operation.TOKEN_CLASSIFY: frozenset({"input", "truncate_prompt_tokens"}),
}
_NEUTRAL: Mapping[str, tuple[Json, ...]] = {
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "logprobs": (False,),
    "echo": (False,),
    "suffix": ("",),
    "best_of": (1,),
}
"""Values that ask for nothing special; any other value of these is refused."""
_MOST_STOPS = 16
_MOST_TOP_LOGPROBS = 20
_MOST_TEXTS = 2048
_ROLES = {"developer": "system", "system": "system", "user": "user", "assistant": "assistant"}


def job_of(request: Request, spec: ModelSpec) -> Job:
    """The job that answers `request` with the model of `spec`.

    Raises:
        ProviderRejected: The model cannot do what is asked, or a value is out of range; `param`
            names the field.
    """
    operation, body = request.operation, request.body
    if operation not in OPERATIONS[spec.task]:
        able = ", ".join(sorted(OPERATIONS[spec.task]))
        raise ProviderRejected(
            f"{spec.name} cannot do {operation}; it does {able}.", status=400, param="model"
        )
    _check_fields(operation, body, spec)
    match operation:
        case Operation.CHAT:
            return GenerateJob(
                messages=_messages(body, spec),
                sampling=_sampling(request, spec),
                template=_template(body),
            )
        case Operation.COMPLETION:
            return GenerateJob(prompt=_prompt(body), sampling=_sampling(request, spec))
        case _:
            return EncodeJob(texts=_texts(body), truncate=_truncate(body))


def _check_fields(operation: Operation, body: JsonObject, spec: ModelSpec) -> None:
    for name, value in body.items():
        if value is None or name in _ENVELOPE or name in _TAKEN[operation]:
            continue
        if any(value == neutral and type(value) is type(neutral) for neutral in _neutral(name)):
            continue
        _refuse(
            name,
            f"{spec.name} runs on this machine and cannot do `{name}`: leave it out, or choose "
            "another model.",
        )
    if body.get("encoding_format") not in (None, "float", "base64"):
        _refuse("encoding_format", "`encoding_format` must be `float` or `base64`.")


def _neutral(name: str) -> tuple[Json, ...]:
    return _NEUTRAL.get(name, ())


# ── texts ───────────────────────────────────────────────────────────────────────────────────────


def _messages(body: JsonObject, spec: ModelSpec) -> tuple[ChatMessage, ...]:
    messages = as_list(body.get("messages")) or []
    return tuple(_message(f"messages[{at}]", item, spec) for at, item in enumerate(messages))


def _message(where: str, item: Json, spec: ModelSpec) -> ChatMessage:
    role = _ROLES.get(str(dig(item, "role")))
    if role is None:
        _refuse(f"{where}.role", f"{spec.name} has no tools: `{where}.role` must not be a tool's.")
    for name in ("tool_calls", "function_call", "audio"):
        if dig(item, name):
            _refuse(f"{where}.{name}", f"{spec.name} cannot read `{where}.{name}`: leave it out.")
    content = dig(item, "content")
    if isinstance(content, str):
        return ChatMessage(role=role, content=content)
    return ChatMessage(role=role, content=_joined_parts(f"{where}.content", content, spec))


def _joined_parts(where: str, content: Json, spec: ModelSpec) -> str:
    texts: list[str] = []
    for at, part in enumerate(as_list(content) or ()):
        text = as_str(dig(part, "text"))
        if dig(part, "type") != "text" or text is None:
            _refuse(
                f"{where}[{at}]",
                f"{spec.name} reads text only: `{where}[{at}]` must be of type `text`.",
            )
        texts.append(text)
    return "\n".join(texts)


def _prompt(body: JsonObject) -> str:
    prompt = body.get("prompt")
    items = as_list(prompt)
    only = items[0] if items and len(items) == 1 else prompt
    if not isinstance(only, str):
        _refuse("prompt", "`prompt` must be one text here; send several as several requests.")
    return only


def _texts(body: JsonObject) -> tuple[str, ...]:
    value = body.get("input")
    texts = as_list(value) or [value]
    if len(texts) > _MOST_TEXTS:
        _refuse("input", f"`input` holds {len(texts)} texts; at most {_MOST_TEXTS} are taken.")
    for at, text in enumerate(texts):
        if not isinstance(text, str):
            _refuse(
                "input",
                f"`input[{at}]` must be text: token numbers belong to another model's vocabulary "
                "(LangChain: `check_embedding_ctx_length=False`).",
            )
    return tuple(cast("list[str]", texts))


def _truncate(body: JsonObject) -> int | None:
    value = body.get("truncate_prompt_tokens")
    limit = as_int(value)
    if value is not None and (limit is None or not (limit == -1 or limit >= 1)):
        _refuse("truncate_prompt_tokens", "`truncate_prompt_tokens` must be -1 or at least 1.")
    return limit


def _template(body: JsonObject) -> dict[str, Scalar]:
    value = body.get("chat_template_kwargs")
    variables = as_object(value)
    if value is not None and variables is None:
        _refuse("chat_template_kwargs", "`chat_template_kwargs` must be an object.")
    for name, item in (variables or {}).items():
        if isinstance(item, dict | list):
            _refuse("chat_template_kwargs", f"`chat_template_kwargs.{name}` must be a plain value.")
    return cast("dict[str, Scalar]", variables or {})


# ── sampling ────────────────────────────────────────────────────────────────────────────────────


def _sampling(request: Request, spec: ModelSpec) -> Sampling:
    body = request.body
    if request.choices > spec.max_batch:
        _refuse("n", f"`n` must be at most {spec.max_batch} for {spec.name} (its `max_batch`).")
    top_k = _integer(body, "top_k", -1, 2**31)
    seed = _integer(body, "seed", -(2**63), 2**63)
    return Sampling(
        max_tokens=request.max_tokens,
        temperature=_number(body, "temperature", 0, 2),
        top_p=_number(body, "top_p", 0, 1, above=True),
        top_k=None if top_k is None else max(0, top_k),  # vLLM writes "all" as -1
        repetition_penalty=_number(body, "repetition_penalty", 0, 10, above=True),
        presence_penalty=_number(body, "presence_penalty", -2, 2) or 0.0,
        frequency_penalty=_number(body, "frequency_penalty", -2, 2) or 0.0,
        logit_bias=_logit_bias(body),
        stop=_stop(body),
        seed=None if seed is None else seed & (2**63 - 1),
        n=request.choices,
        logprobs=_logprobs(body),
    )


def _number(
    body: JsonObject, name: str, low: float, high: float, *, above: bool = False
) -> float | None:
    """A number from `low` (or `above` it) to `high`."""
    value = body.get(name)
    if value is None:
        return None
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number is None or not low <= number <= high or (above and number == low):
        bound = f"above {low:g} and at most" if above else f"from {low:g} to"
        _refuse(name, f"`{name}` must be a number {bound} {high:g}.")
    return number


def _integer(body: JsonObject, name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    number = as_int(value)
    if value is not None and (number is None or not low <= number <= high):
        _refuse(name, f"`{name}` must be an integer from {low} to {high}.")
    return number


def _stop(body: JsonObject) -> tuple[str, ...]:
    value = body.get("stop")
    stops = [value] if isinstance(value, str) else as_list(value) or []
    if len(stops) > _MOST_STOPS or not all(isinstance(stop, str) for stop in stops):
        _refuse("stop", f"`stop` must be a string or a list of at most {_MOST_STOPS} strings.")
    return tuple(cast("list[str]", stops))


def _logit_bias(body: JsonObject) -> dict[int, float]:
    value = body.get("logit_bias")
    biases: dict[int, float] = {}
    for token, bias in (as_object(value) or {}).items():
        if not token.isdecimal() or not isinstance(bias, int | float) or not -100 <= bias <= 100:
            _refuse("logit_bias", "`logit_bias` maps token numbers to numbers from -100 to 100.")
        biases[int(token)] = float(bias)
    return biases


def _logprobs(body: JsonObject) -> int | None:
    top = _integer(body, "top_logprobs", 0, _MOST_TOP_LOGPROBS)
    asked = body.get("logprobs")
    if not isinstance(asked, bool | None):
        _refuse("logprobs", "`logprobs` must be true or false.")
    if top and not asked:
        _refuse("top_logprobs", "`top_logprobs` needs `logprobs: true`.")
    return top or 0 if asked else None


def _refuse(param: str, message: str) -> NoReturn:
    raise ProviderRejected(message, status=400, param=param)
