"""Programs that ask models in their own name."""

from __future__ import annotations

from .policy import Rule


class ServiceAccountRule(Rule):
    """A user that is a program. It has API keys (`user:` of a key) and stands in groups like a
    person, but nobody signs in to the site as it, and it has no key but those an admin made.

    Attributes:
        owner: The person who answers for it; sees its keys and can revoke them.
        description: What it does.
        enabled: Off: none of its keys is good.
    """

    owner: str | None = None
    description: str | None = None
    enabled: bool = True
