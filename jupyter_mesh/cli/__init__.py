"""`jupyter mesh …`: run a gateway, look after it, ask it.

This module only knows the words; what a command does is imported when it is called.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias, cast

from ..errors import MeshError
from .outcome import EXIT_CODES, Output, failed

_ENVIRONMENT = """\
environment:
  JUPYTER_MESH_URL, JUPYTER_MESH_TOKEN     the gateway that commands talk to, unless --config or
                                           --state names a mesh; without them, your own is opened
  JUPYTER_MESH_CONFIG, JUPYTER_MESH_STATE  mesh.yaml and the folder of its database
"""

Parser: TypeAlias = argparse.ArgumentParser
if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[Parser]  # pyright: ignore[reportPrivateUsage]

_FORMATS = ("jsonl", "csv", "parquet")


def parser() -> Parser:
    """All commands and options."""
    root = Parser(
        prog="jupyter mesh",
        description="One gateway between notebooks, applications and language models.",
        epilog=_ENVIRONMENT + "\nexit codes:\n" + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="store_true", help="print the version")
    commands = root.add_subparsers(metavar="COMMAND")
    _serving(commands)
    _asking(commands)
    _administration(commands)
    return root


def _command(
    commands: Commands, name: str, function: str, about: str, *, config: bool = False
) -> Parser:
    """A command; `function` is `module:name`, imported when it runs."""
    command = commands.add_parser(name, help=about, description=about)
    command.set_defaults(function=function)
    command.add_argument("--json", action="store_true", help="print JSON")
    if config:
        command.add_argument("--config", metavar="FILE", help="mesh.yaml to use")
        command.add_argument("--state", metavar="FOLDER", help="folder of the database")
    return command


def _serving(commands: Commands) -> None:
    serve = _command(
        commands,
        "serve",
        "serve:serve_forever",
        "run a gateway, stand-alone or as a service of the JupyterHub that starts it",
        config=True,
    )
    serve.add_argument("--host", help="address (default: 127.0.0.1, or as the JupyterHub says)")
    serve.add_argument(
        "--port", type=int, help="default: 8765, or as the JupyterHub says; 0: a free one"
    )
    serve.add_argument(
        "--hub", action="store_true", help="be a JupyterHub's service, or say what is missing"
    )
    serve.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="so many at one address, over one store and one Redis; SIGUSR2 replaces them one by "
        "one (default: %(default)s)",
    )
    serve.add_argument("--inherited", help=argparse.SUPPRESS)
    _command(commands, "check", "check:check", "try everything that is configured", config=True)


def _asking(commands: Commands) -> None:
    _command(commands, "models", "ask:models", "list the models open to you", config=True)
    ask = _command(commands, "ask", "ask:ask", "ask a model; the answer streams", config=True)
    ask.add_argument("model", metavar="MODEL", help="a model or an alias")
    ask.add_argument("prompt", metavar="PROMPT", help="the question; - reads standard input")
    ask.add_argument("--system", metavar="TEXT", help="a system prompt")
    ask.add_argument("--purpose", metavar="TEXT", help="what the call is for")
    ask.add_argument("--max-tokens", type=int, metavar="N", help="the longest answer")
    ask.add_argument("--max-cost", metavar="USD", help="refuse what may cost more")
    ask.add_argument("--no-cache", action="store_true", help="do not answer from the cache")
    usage = _command(commands, "usage", "usage:usage", "what was spent", config=True)
    usage.add_argument("--by", help="groupings (default: model)")
    usage.add_argument("--since", metavar="TIME", help="default: this month's beginning, UTC")
    usage.add_argument("--until", metavar="TIME", help="default: now")
    usage.add_argument("--view", choices=("own", "team", "all"), help="whose calls")
    for field in ("user", "group", "application", "connection", "provider", "model", "purpose"):
        usage.add_argument(f"--{field}", metavar="NAME", help=f"only calls of this {field}")
    usage.add_argument("--document", metavar="PATH", help="only calls of this notebook")
    usage.add_argument("--key", metavar="NAME", help="only calls with this API key")
    usage.add_argument("--operation", metavar="NAME", help="only chat, embedding, …")
    usage.add_argument(
        "--format",
        choices=("table", "json", "csv", "parquet", "focus"),
        default="table",
        help="default: table; focus is CSV by the FOCUS 1.2 specification",
    )
    usage.add_argument("--out", metavar="FILE", help="a new file (default: standard output)")
    _reconciling(usage.add_subparsers(metavar="COMMAND"))


def _reconciling(usage: Commands) -> None:
    one = _command(
        usage, "reconcile", "reconcile:reconcile", "hold an invoice against the record", config=True
    )
    one.add_argument("file", metavar="FILE", help="a CSV with day, model and amount in USD")
    one.add_argument("--connection", metavar="NAME", help="only what was spent over this one")
    one.add_argument(
        "--tolerance",
        type=_number,
        metavar="USD",
        default="0.01",
        help="of a line (default: %(default)s)",
    )
    one.add_argument(
        "--percent",
        type=_number,
        metavar="N",
        default="0",
        help="of theirs, instead (default: %(default)s)",
    )
    for name in ("day", "model", "amount"):
        one.add_argument(f"--{name}-column", metavar="NAME", help=f"of the file that is the {name}")
    one.add_argument("--all", action="store_true", help="print the lines that fit, too")


def _administration(commands: Commands) -> None:
    keys = commands.add_parser("keys", help="API keys").add_subparsers(required=True)
    create = _command(keys, "create", "keys:create", "make a key; it is shown once")
    create.add_argument("name", metavar="NAME", help="what the key is called in mesh.yaml")
    create.add_argument("--user", help="whom its calls are charged to (default: NAME)")
    create.add_argument("--application", help="what uses it (default: NAME)")
    create.add_argument("--group", action="append", default=[], help="may be repeated")
    create.add_argument("--admin", action="store_true", help="may administer and audit")
    create.add_argument("--auditor", action="store_true", help="may read every record")
    create.add_argument("--expires", type=_moment, metavar="TIME", help="such as 2027-01-31")
    _sealing(commands.add_parser("secrets", help="sealed secrets").add_subparsers(required=True))
    inventory = _command(
        commands, "inventory", "audit:inventory", "which model is used where, for what", config=True
    )
    inventory.add_argument("--since", type=_moment, metavar="TIME", help="default: 30 days ago")
    inventory.add_argument("--until", type=_moment, metavar="TIME", help="default: now")
    inventory.add_argument("--format", choices=_FORMATS, help="write a file instead")
    inventory.add_argument("--out", metavar="FILE", help="default: standard output")
    _budgeting(commands.add_parser("budgets", help="budgets").add_subparsers(required=True))
    _alerting(commands.add_parser("alerts", help="alerts").add_subparsers(required=True))
    _auditing(commands.add_parser("audit", help="the record").add_subparsers(required=True))
    config = commands.add_parser("config", help="mesh.yaml").add_subparsers(required=True)
    _command(config, "schema", "configuration:schema", "print its JSON schema")
    validate = _command(config, "validate", "configuration:validate", "say whether a file is right")
    validate.add_argument("file", nargs="?", help="default: the file that would be used")
    _migrating(commands)
    _command(commands, "openapi", "configuration:openapi", "print the HTTP API's description")
    database = commands.add_parser("db", help="the database").add_subparsers(required=True)
    _command(
        database, "upgrade", "database:upgrade", "bring it to this version's tables", config=True
    )


def _migrating(commands: Commands) -> None:
    migrate = _command(
        commands, "migrate", "migrate:migrate", "from a personal mesh to this one", config=True
    )
    migrate.add_argument(
        "--from", dest="source", metavar="FOLDER", help="state folder of the personal mesh"
    )
    migrate.add_argument("--from-config", metavar="FILE", help="its mesh.yaml")
    migrate.add_argument(
        "--from-key", metavar="FILE", help="the key of its secrets (default: mesh.key in FOLDER)"
    )
    migrate.add_argument("--dry-run", action="store_true", help="only show what would be set")
    migrate.add_argument(
        "--only", action="append", default=[], metavar="KINDS", help="such as connections,aliases"
    )
    migrate.add_argument(
        "--user", action="append", default=[], metavar="OLD=NEW", help="what a user is called here"
    )
    migrate.add_argument("--group", metavar="NAME", help="opens what is taken over")
    migrate.add_argument(
        "--replace", action="store_true", help="take over what is there and differs, too"
    )
    migrate.add_argument(
        "--with-rights", action="store_true", help="keys and groups that administer or audit, too"
    )
    migrate.add_argument("--by", metavar="NAME", help="who it is recorded of (default: you)")


def _sealing(secrets: Commands) -> None:
    _command(secrets, "list", "secrets:listed", "names, and what uses them", config=True)
    put = _command(
        secrets, "set", "secrets:put", "seal a value from a prompt or standard input", config=True
    )
    put.add_argument(
        "name", metavar="NAME", help="as `list` shows it; mesh.yaml refers to it as store:NAME"
    )
    put.add_argument(
        "--no-test", action="store_true", help="do not try the connections that use it first"
    )
    delete = _command(secrets, "delete", "secrets:delete", "delete an unused one", config=True)
    delete.add_argument("name", metavar="NAME")
    _command(
        secrets, "rotate", "secrets:rotate", "replace the key that seals them all", config=True
    )


def _budgeting(budgets: Commands) -> None:
    _command(budgets, "list", "budgets:listed", "limits, and what raises them", config=True)
    more = _command(
        budgets, "raise", "budgets:raise_one", "let one spend more until a moment", config=True
    )
    more.add_argument("budget", metavar="NAME", help="of the budget")
    more.add_argument("--to", metavar="USD", required=True, help="what it may spend meanwhile")
    more.add_argument(
        "--until", type=_end, metavar="TIME", required=True, help="such as 2027-01-31, or 3d"
    )
    more.add_argument("--reason", metavar="TEXT", required=True, help="why, for the record")
    more.add_argument("--share", metavar="WHOSE", help="only this share of it, such as user=ada")
    end = _command(budgets, "end", "budgets:end", "take a raise back", config=True)
    end.add_argument("name", metavar="NAME", help="of the raise, as `list` shows it")


def _alerting(alerts: Commands) -> None:
    listed = _command(
        alerts, "list", "alerts:list_alerts", "what somebody should look at", config=True
    )
    listed.add_argument(
        "--show",
        choices=("open", "acknowledged", "resolved", "all"),
        default="open",
        help="default: %(default)s",
    )
    ack = _command(alerts, "ack", "alerts:acknowledge", "look after one", config=True)
    ack.add_argument("id", metavar="ID", help="as `list` shows it")
    test = _command(alerts, "test", "alerts:try_channel", "try a channel", config=True)
    test.add_argument("channel", metavar="NAME", help="as it is called under `alerts`")


def _auditing(audit: Commands) -> None:
    verify = _command(
        audit, "verify", "audit:verify", "check that the record was not altered", config=True
    )
    verify.add_argument("--checkpoint", metavar="FILE", help="one that was taken before")
    verify.add_argument("--public-key", metavar="HEX", help="that it must be signed with")
    _command(
        audit, "checkpoint", "audit:checkpoint", "print where the record ends, signed", config=True
    )
    export = _command(audit, "export", "audit:export", "write calls as a file", config=True)
    export.add_argument("--since", type=_moment, metavar="TIME", help="default: all")
    export.add_argument("--until", type=_moment, metavar="TIME", help="default: now")
    export.add_argument("--format", choices=_FORMATS, help="default: jsonl")
    export.add_argument("--view", choices=("own", "team", "all"), help="default: all you may see")
    for name in ("user", "group", "application", "model", "connection", "purpose"):
        export.add_argument(f"--{name}", metavar="NAME", help=f"only calls of this {name}")
    for name in ("outcome", "document", "key"):
        export.add_argument(f"--{name}", metavar="NAME", help=f"only calls of this {name}")
    export.add_argument("--content", action="store_true", help="with what was said")
    export.add_argument("--out", metavar="FILE", help="default: standard output")
    erase = _command(
        audit, "erase", "audit:erase", "destroy what is kept of what was said", config=True
    )
    whose = erase.add_mutually_exclusive_group(required=True)
    whose.add_argument("--user", metavar="NAME", help="what this user said")
    whose.add_argument("--everybody", action="store_true", help="what everybody said")


def _moment(text: str) -> datetime:
    """A date or a time; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2027-01-31") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _end(text: str) -> datetime:
    """A moment, or how long from now on."""
    from ..schemas.durations import parse_duration  # loads pydantic, which most words need not

    try:
        return datetime.now(UTC) + cast(timedelta, parse_duration(text))
    except ValueError:
        return _moment(text)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = parser()
    chosen = words.parse_args(arguments)
    if chosen.version:
        from jupyter_mesh import __version__

        print(__version__)
        return 0
    if not hasattr(chosen, "function"):
        words.print_help(sys.stderr)
        return 2
    output = Output(as_json=chosen.json)
    module, _, name = cast(str, chosen.function).partition(":")
    try:
        command = cast(
            "Callable[[argparse.Namespace, Output], int]",
            getattr(import_module(f"{__name__}.{module}"), name),
        )
        return command(chosen, output)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; say nothing about it at exit either
        return 0
    except MeshError as error:
        return failed(error, output)
