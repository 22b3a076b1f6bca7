"""The subcommands of `%llm`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import __version__
from ..client.answer import Answer, Comparison, printable
from ..client.figures import count
from ..client.loop import background
from ..client.tables import (
    beyond_the_demo,
    budgets_table,
    costs_table,
    models_table,
    offered_price,
    offers_table,
    price_words,
)
from ..client.threads import DEFAULT_THREAD
from .catalogue import FETCH_SECONDS
from .cell import Settings, default_model, resolve_alias
from .errors import MeshMagicError
from .help import help_text
from .parsing import nearest, split
from .services import how_to_get
from .session import Session

if TYPE_CHECKING:
    from ..schemas.api import Models, Offer

Run = Callable[[Session, Settings, Sequence[str]], "Answer | Comparison | None"]


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand: how it is written, what it does."""

    usage: str
    help: str
    run: Run


def run_command(session: Session, settings: Settings, line: str) -> Answer | Comparison | None:
    """Carry out a `%llm` line; only `last` has a value.

    Raises:
        MeshMagicError: There is no such command, or it was given the wrong words.
        MeshClientError: The gateway refused.
    """
    name, *words = split(line) or ["help"]
    command = COMMANDS.get(name)
    if command is None:
        raise MeshMagicError(
            f"No command {name!r}: {nearest(name, COMMANDS)} To ask a model, begin a cell with "
            "%%llm and write the prompt below."
        )
    return command.run(session, settings, words)


def show(text: str) -> None:
    """Plain text below the cell, without control characters."""
    sys.stdout.write(printable(text) + "\n")


def _list(session: Session, settings: Settings, words: Sequence[str]) -> None:
    models = background.run(session.mesh.api.models())
    session.catalogue.keep(models)
    cards = [card for card in models.models if all(word in card.id for word in words)]
    if words and not cards:
        raise MeshMagicError(
            f"No model's name holds {' and '.join(words)!r}; "
            f"{nearest(words[0], [card.id for card in models.models])}"
        )
    show(models_table(cards, models.default_model))
    if hint := beyond_the_demo(models):
        show(f"\n{hint}")
    if models.offers and not words:
        show("\nFound and not connected; `%llm use OFFER` connects it at the price shown:")
        show(offers_table(models.offers))
        for offer in models.offers:
            if offer.key_note:
                show(f"{offer.id}: {offer.key_note}")


def _use(session: Session, settings: Settings, words: Sequence[str]) -> None:
    if words == ["--none"]:
        session.choose_model(None)
        show("Cells that name no model use the notebook's again, else your default.")
        return
    if len(words) != 1:
        shown = f" (now {default_model(session, settings)})" if not words else ""
        raise MeshMagicError(f"Name one model: %llm use MODEL{shown}; --none undoes it.")
    name = resolve_alias(session, settings, words[0])
    models = before = background.run(session.mesh.api.models())
    offer = _offer_of(models, name)
    if offer is not None:
        name, models = _accept(session, offer, name)
    session.catalogue.keep(models)
    card = next((card for card in models.models if card.id == name), None)
    if card is None:
        raise MeshMagicError(_not_open(name, models))
    session.choose_model(name)
    session.notebooks.tell({"type": "models_changed"})
    price = "" if card.price is None else f" ({price_words(card.price)})"
    show(f"Cells of this notebook that name no model use {name}{price}{_others(before, models)}.")


def _others(before: Models, after: Models) -> str:
    """What connecting changed for other notebooks: a real model is preferred to the demo."""
    default = after.default_model
    if default is None or default == before.default_model:
        return ""
    return f"; other notebooks that chose none now use {default} too"


def _not_open(name: str, models: Models) -> str:
    service = name.partition("/")[0]
    connected = any(card.connection == service for card in models.models)
    if not connected and (step := how_to_get(service)) is not None:
        return step
    choices = [card.id for card in models.models] + [offer.id for offer in models.offers]
    return f"No model {name!r} is open to you; {nearest(name, choices)}"


def _offer_of(models: Models, name: str) -> Offer | None:
    """The offer that would bring this model; offers name models without their connection."""
    if any(card.id == name for card in models.models):
        return None
    matching = [
        offer
        for offer in models.offers
        if name == offer.id or name.removeprefix(f"{offer.id}/") in offer.models
    ]
    return matching[0] if matching else None


def _accept(session: Session, offer: Offer, name: str) -> tuple[str, Models]:
    """Connect an offer; the model of it that was meant, and the new catalogue."""
    show(f"Connecting {offer.title}. Price: {offered_price(offer)}.")
    if offer.key_note:
        show(offer.key_note)
    models = background.run(session.mesh.api.accept_offer(offer.id))
    new = [
        card.id
        for card in models.models
        if card.connection == offer.id and "chat" in card.operations
    ]
    if name != offer.id:
        return f"{offer.id}/{name.removeprefix(f'{offer.id}/')}", models
    if not new:
        raise MeshMagicError(f"{offer.title} is connected, but has no chat model: see %llm list.")
    return new[0], models


def _cost(session: Session, settings: Settings, words: Sequence[str]) -> None:
    _no_words("cost", words)
    show(costs_table(background.run(session.mesh.api.costs(session.document))))


def _budget(session: Session, settings: Settings, words: Sequence[str]) -> None:
    _no_words("budget", words)
    show(budgets_table(background.run(session.mesh.api.budgets())))


def _history(session: Session, settings: Settings, words: Sequence[str]) -> None:
    thread = _thread("history", settings, words)
    exchanges = session.threads.exchanges(session.document, thread)
    if not exchanges:
        others = ", ".join(session.threads.names(session.document)) or "none"
        show(f"Thread {thread!r} of this notebook is empty; threads that are not: {others}.")
    for exchange in exchanges:
        for message in exchange.messages():
            content = message.get("content")
            text = content if isinstance(content, str) else "[text and pictures]"
            show(f"[{message.get('role')}] {text}")


def _reset(session: Session, settings: Settings, words: Sequence[str]) -> None:
    if words == ["--all"]:
        names = session.threads.names(session.document)
    else:
        names = [_thread("reset", settings, words)]
    forgotten = sum(session.threads.forget(session.document, name) for name in names)
    show(f"Forgot {count(forgotten, 'exchange')} of {', '.join(names) or 'no thread'}.")


def _last(session: Session, settings: Settings, words: Sequence[str]) -> Answer | Comparison:
    _no_words("last", words)
    if session.last is None:
        raise MeshMagicError("There is no answer yet: begin a cell with %%llm.")
    return session.last


def _alias(session: Session, settings: Settings, words: Sequence[str]) -> None:
    match words:
        case []:
            known = {**settings.aliases, **session.aliases}
            show("\n".join(f"{name} → {target}" for name, target in known.items()) or "No alias.")
        case ["--remove", name] if name in session.aliases:
            del session.aliases[name]
            show(f"Removed {name}.")
        case ["--remove", name]:
            choices = session.aliases or {"none": ""}
            raise MeshMagicError(f"No alias {name!r}; {nearest(name, choices)}")
        case [name, target] if not name.startswith("-"):
            known = session.catalogue.names(patience=FETCH_SECONDS)
            if known and target not in known:
                raise MeshMagicError(
                    f"No model {target!r} is open to you; {nearest(target, known)}"
                )
            session.aliases[name] = target
            show(f"{name} stands for {target} in this kernel.")
        case _:
            raise MeshMagicError(f"Write it as {COMMANDS['alias'].usage}.")


def _version(session: Session, settings: Settings, words: Sequence[str]) -> None:
    _no_words("version", words)
    show(f"jupyter-mesh {__version__}")
    me = background.run(session.mesh.api.me())
    show(f"gateway {me.version} ({me.host}) at {session.mesh.endpoint.shown}, as {me.user}")


def _help(session: Session, settings: Settings, words: Sequence[str]) -> None:
    show(help_text({command.usage: command.help for command in COMMANDS.values()}))


def _no_words(name: str, words: Sequence[str]) -> None:
    if words:
        raise MeshMagicError(f"%llm {name} takes nothing after it, not {' '.join(words)!r}.")


def _thread(name: str, settings: Settings, words: Sequence[str]) -> str:
    if len(words) > 1 or any(word.startswith("-") for word in words):
        raise MeshMagicError(f"Write it as {COMMANDS[name].usage}.")
    return words[0] if words else settings.thread or DEFAULT_THREAD


def _about_failure(task: str) -> Run:
    def run(
        session: Session, settings: Settings, words: Sequence[str]
    ) -> Answer | Comparison | None:
        from .repair import ask_about_failure

        ask_about_failure(session, settings, words, task)

    return run


COMMANDS: dict[str, Command] = {
    "list": Command("%llm list [PART]", "models open to you, with price and speed", _list),
    "use": Command("%llm use MODEL|OFFER|--none", "the model of cells that name none", _use),
    "cost": Command("%llm cost", "of this notebook, today and this month", _cost),
    "budget": Command("%llm budget", "what is left of your budgets", _budget),
    "history": Command("%llm history [THREAD]", "what a conversation holds", _history),
    "reset": Command("%llm reset [THREAD|--all]", "forget it, in this notebook only", _reset),
    "last": Command("%llm last", "the latest answer again; `a = %llm last` keeps it", _last),
    "fix": Command("%llm fix [MODEL] [options]", "propose a corrected cell", _about_failure("fix")),
    "explain": Command(
        "%llm explain [MODEL] [options]", "say what the latest error means",
        _about_failure("explain"),
    ),
    "alias": Command(
        "%llm alias [NAME TARGET | --remove NAME]", "short names for models", _alias
    ),
    "version": Command("%llm version", "of this package and of the gateway", _version),
    "help": Command("%llm help", "this text", _help),
}  # fmt: skip
