"""A plugin whose vendor's package is not installed."""

import acme_sdk  # noqa: F401  # pyright: ignore[reportMissingImports]


class Acme:
    """Never made."""
