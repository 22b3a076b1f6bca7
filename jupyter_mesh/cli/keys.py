"""`jupyter mesh keys`."""

from __future__ import annotations

from argparse import Namespace

import yaml

from .outcome import Output


def create(arguments: Namespace, output: Output) -> int:
    """Print a new key once, and what to write into `mesh.yaml`: the file holds its hash only."""
    from ..config import KeyRule, new_key

    key, hashed = new_key()
    rule = KeyRule(
        name=arguments.name,
        hash=hashed,
        user=arguments.user or arguments.name,
        application=arguments.application or arguments.name,
        groups=tuple(arguments.group),
        admin=arguments.admin,
        auditor=arguments.auditor,
        expires=arguments.expires,
    )
    declared = rule.model_dump(mode="json", exclude_defaults=True)
    if output.as_json:
        output.value({"key": key, "declare": declared})
        return 0
    output.aside("The key, shown this once:")
    output.line(key)
    output.aside("\nUnder `keys:` in mesh.yaml:")
    output.aside(yaml.safe_dump([declared], sort_keys=False).rstrip())
    return 0
