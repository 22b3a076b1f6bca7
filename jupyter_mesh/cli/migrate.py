"""`jupyter mesh migrate`: from a personal mesh to the hub's."""

from __future__ import annotations

import asyncio
import getpass
import os
import shlex
from argparse import Namespace
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidRequest
from .outcome import FAILED, Output
from .places import Chosen, chosen

if TYPE_CHECKING:
    from ..mesh.migration import Choices, Hub, Plan, PlannedObject

_WORDS = {
    "new": "taken over",
    "replace": "taken over, replaces another",
    "same": "is there already, the same",
    "differs": "is there already and differs: left as it is",
    "unusable": "cannot be used there",
}


def migrate(arguments: Namespace, output: Output) -> int:
    """Show what becomes of each object and, unless it is a dry run, set it."""
    from jupyter_mesh_server.personal import make_state_dir

    from ..mesh.migration import Hub, make_plan, read_personal

    choices = _choices(arguments)
    place, file = _path(arguments.source), _path(arguments.from_config)
    if place is None and file is None:
        raise InvalidRequest("Name a personal mesh: --from FOLDER, --from-config FILE, or both.")
    personal = read_personal(place, file, _path(arguments.from_key))
    mine = chosen(arguments)
    _refuse_itself(mine, place)
    folder = mine.config_file.parent if mine.config_file else None
    hub = Hub(mine.config, mine.store, os.environ, folder)
    if not arguments.dry_run:
        make_state_dir(mine.state_dir)
        hub.prepare()
    plan = make_plan(personal, asyncio.run(hub.policy(sealing=bool(personal.secrets))), choices)
    if not output.as_json:
        _show(plan, folder, output)
    failed: dict[tuple[str, str], str | None] = {}
    if not arguments.dry_run:
        failed = asyncio.run(_carry_out(hub, plan, arguments.by or getpass.getuser()))
    if output.as_json:
        said = _as_json(plan, folder, failed, dry_run=arguments.dry_run)
        output.value({**said, "calls_that_stay": personal.calls})
    else:
        _show_end(plan, failed, output, dry_run=arguments.dry_run)
        _show_history(personal.calls, place, output)
    unusable = any(one.verdict == "unusable" for one in plan.objects)
    return FAILED if unusable or any(failed.values()) else 0


async def _carry_out(hub: Hub, plan: Plan, by: str) -> dict[tuple[str, str], str | None]:
    from ..schemas.principal import Principal

    principal = Principal(user=by, via="migration")
    done: dict[tuple[str, str], str | None] = {}
    async with aclosing(hub.carry_out(plan, principal)) as steps:
        async for one, failure in steps:
            done[one.kind, one.name] = failure
    return done


def _choices(arguments: Namespace) -> Choices:
    from ..mesh.migration import Choices
    from ..schemas.setting import KINDS

    kinds = (*(kind for kind in KINDS if kind != "general"), "secrets")
    only = tuple(one.strip() for text in arguments.only for one in text.split(",") if one.strip())
    if unknown := [one for one in only if one not in kinds]:
        raise InvalidRequest(f"--only: there is no kind {unknown[0]!r}; there are {_list(kinds)}.")
    users: dict[str, str] = {}
    for text in arguments.user:
        old, _, new = text.partition("=")
        if not old or not new:
            raise InvalidRequest(f"--user: {text!r} is not OLD=NEW.")
        users[old] = new
    return Choices(
        only=only,
        users=users,
        group=arguments.group,
        replace=arguments.replace,
        with_rights=arguments.with_rights,
    )


def _refuse_itself(mine: Chosen, place: Path | None) -> None:
    from ..storage.sqlite import SqliteLocation

    store = mine.store
    if place is None or not isinstance(store, SqliteLocation) or not store.path.exists():
        return
    other = place / "mesh.db" if place.is_dir() else place
    if other.exists() and other.samefile(store.path):
        raise InvalidRequest(
            "--from names the hub's own store: name the hub's with --config and --state."
        )


def _show(plan: Plan, folder: Path | None, output: Output) -> None:
    rows = [(one.kind, one.name, _WORDS[one.verdict], one.reason) for one in plan.objects]
    output.table(("KIND", "NAME", "WHAT BECOMES OF IT", "WHY"), rows)
    if plan.references:
        output.line("\nMust exist in the hub's environment; the hub's value is used:")
        output.table(
            ("REFERENCE", "FOR", "HERE"),
            [
                (reference, _list(users), "yes" if _is_here(reference, folder) else "no")
                for reference, users in plan.references.items()
            ],
        )
    if plan.people:
        output.line("\nWhom rules mean in the hub:")
        output.table(
            ("KIND", "NAME", "FIELD", "WAS", "NOW"),
            [(one.kind, one.name, one.field, one.was, one.now) for one in plan.people],
        )
    for notice in plan.notices:
        output.line(f"\n{notice}")


def _show_end(
    plan: Plan, done: dict[tuple[str, str], str | None], output: Output, *, dry_run: bool
) -> None:
    if dry_run:
        output.line(f"\nA dry run: {len(plan.to_set)} would be set, nothing was changed.")
        return
    failed = {key: reason for key, reason in done.items() if reason}
    for (kind, name), reason in failed.items():
        output.line(f"\n{kind} {name} could not be set: {reason}")
    output.line(f"\n{len(done) - len(failed)} of {len(plan.to_set)} were set.")


def _show_history(calls: int, place: Path | None, output: Output) -> None:
    if place is None or not calls:
        return
    folder = shlex.quote(str(place if place.is_dir() else place.parent))
    output.line(
        f"\nIts history (calls: {calls:,}) stays where it is, with the chain that proves it: keep "
        f"the folder, and read it with `jupyter mesh usage --state {folder}`."
    )


def _as_json(
    plan: Plan,
    folder: Path | None,
    done: dict[tuple[str, str], str | None],
    *,
    dry_run: bool,
) -> dict[str, object]:
    def told(one: PlannedObject) -> dict[str, object]:
        key = (one.kind, one.name)
        failure = done.get(key)
        return {
            "kind": one.kind,
            "name": one.name,
            "verdict": one.verdict,
            "reason": failure or one.reason or None,
            "set": key in done and failure is None,
        }

    return {
        "dry_run": dry_run,
        "objects": [told(one) for one in plan.objects],
        "references": [
            {"reference": one, "for": users, "here": _is_here(one, folder)}
            for one, users in plan.references.items()
        ],
        "people": [
            {"kind": one.kind, "name": one.name, "field": one.field, "was": one.was, "now": one.now}
            for one in plan.people
        ],
        "notices": plan.notices,
    }


def _is_here(reference: str, folder: Path | None) -> bool:
    """Whether it exists where this command runs."""
    scheme, _, name = reference.partition(":")
    if scheme == "env":
        return bool(os.environ.get(name))
    return ((folder or Path()) / Path(name).expanduser()).is_file()


def _path(name: str | None) -> Path | None:
    return Path(name).expanduser() if name else None


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
