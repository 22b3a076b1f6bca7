"""One `%%llm` cell: from its line and text to the calls it makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..client.affordable import within
from ..client.call import ChatCall, messages_of
from ..client.loop import background
from ..client.structured import Shape
from ..client.threads import DEFAULT_THREAD
from ..schemas.events import Notice
from ..schemas.json import Json
from .errors import MeshMagicError
from .interpolation import interpolate
from .options import CellOptions
from .parsing import nearest
from .pictures import picture
from .session import Session

_CODE_ONLY = "Answer with one fenced block of Python code and nothing else."
_OWN_OPTIONS = {
    "model": "put the model on the line",
    "messages": "the cell's text is the prompt",
    "stream": "use --no-stream",
    "stream_options": "the gateway always reports usage",
    "response_format": "use --schema or --format json",
}


class Settings(Protocol):
    """What `%config LlmMagics.…` sets."""

    model: str
    system: str
    format: str
    thread: str
    max_history: int
    max_value_chars: int
    stream: bool
    aliases: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is ready to be sent.

    Attributes:
        calls: One, or one for each model of a comparison.
        shape: What the answer must be, None for text.
        thread: Under which name the exchange is remembered.
        notices: What the person should know before the answer.
    """

    options: CellOptions
    calls: tuple[ChatCall, ...]
    shape: Shape | None
    thread: str
    notices: tuple[Notice, ...]


def read_cell(session: Session, settings: Settings, options: CellOptions, text: str) -> Cell:
    """Everything that happens before something is sent.

    Raises:
        MeshMagicError: A name, an expression or a parameter is wrong.
        MeshClientError: No gateway, a picture that cannot be used, or a cost above the limit.
    """
    if not text.strip():
        raise MeshMagicError("The cell has no prompt: write it below the %%llm line.")
    prompt, system, notices = _texts(session, settings, options, text.strip())
    shape = _shape(session, options)
    thread = options.thread or settings.thread or DEFAULT_THREAD
    call = ChatCall(
        model="",
        messages=messages_of(
            prompt,
            system=system,
            images=[picture(session.shell.user_ns, source) for source in options.image],
            earlier=_earlier(session, settings, options, thread),
        ),
        parameters=_parameters(options, shape),
        purpose=options.purpose,
        thread=thread,
        tags=dict(options.tag) or None,
        cache=not options.no_cache,
    )
    calls = [replace(call, model=model) for model in _models(session, settings, options)]
    if options.max_cost is not None and not options.dry_run:
        share = options.max_cost / len(calls)
        calls = [background.run(within(session.mesh.api, each, share)) for each in calls]
    return Cell(options, tuple(calls), shape, thread, notices)


def resolve_alias(session: Session, settings: Settings, name: str) -> str:
    """The model behind a name given with `%llm alias` or in the configuration."""
    return session.aliases.get(name) or settings.aliases.get(name) or name


def _models(session: Session, settings: Settings, options: CellOptions) -> list[str]:
    names = options.compare or (options.model or default_model(session, settings),)
    return [resolve_alias(session, settings, name) for name in names]


def default_model(session: Session, settings: Settings) -> str:
    """The model of a cell that names none: `%llm use`, the notebook's, the configured, yours."""
    chosen = session.chosen_model or session.notebook.model or settings.model
    return chosen or background.run(session.mesh.default_model())


def _texts(
    session: Session, settings: Settings, options: CellOptions, text: str
) -> tuple[str, str | None, tuple[Notice, ...]]:
    """Prompt, system prompt, and what interpolation has to say."""
    system = options.system or settings.system or None
    named = session.shell.user_ns.get(system) if system and system.isidentifier() else None
    notices: tuple[Notice, ...] = ()
    if not options.no_interpolate:
        text, notices = interpolate(text, session.shell.ev, max_chars=settings.max_value_chars)
        if system and not isinstance(named, str):
            system, more = interpolate(system, session.shell.ev, max_chars=settings.max_value_chars)
            notices = (*notices, *more)
    system = named if isinstance(named, str) else system
    if options.format == "code":
        system = f"{system}\n\n{_CODE_ONLY}" if system else _CODE_ONLY
    return text, system, notices


def _shape(session: Session, options: CellOptions) -> Shape | None:
    if options.schema is None:
        return Shape() if options.format == "json" else None
    names = session.shell.user_ns
    if options.schema not in names:
        known = [
            name
            for name, value in names.items()
            if isinstance(value, type | dict)
            and not name.startswith("_")
            and name not in session.shell.user_ns_hidden
        ]
        hint = nearest(options.schema, known) if known else "define a class or a JSON schema first."
        raise MeshMagicError(f"--schema: nothing is named {options.schema!r}; {hint}")
    return Shape(names[options.schema])


def _earlier(session: Session, settings: Settings, options: CellOptions, thread: str) -> list[Any]:
    if options.new and not options.dry_run:
        session.threads.forget(session.document, thread)
    wanted = options.history
    if wanted is None:
        wanted = settings.max_history if options.thread or settings.thread else 0
    return [] if options.new else session.threads.messages(session.document, thread, wanted)


def _parameters(options: CellOptions, shape: Shape | None) -> dict[str, Json]:
    parameters: dict[str, Json] = {}
    for name, value in options.param:
        if name in _OWN_OPTIONS:
            raise MeshMagicError(f"--param {name} is decided elsewhere: {_OWN_OPTIONS[name]}.")
        parameters[name] = value
    if options.temperature is not None:
        parameters["temperature"] = options.temperature
    if options.max_tokens is not None:
        parameters["max_tokens"] = options.max_tokens
    if shape is not None:
        parameters["response_format"] = shape.response_format
    return parameters
