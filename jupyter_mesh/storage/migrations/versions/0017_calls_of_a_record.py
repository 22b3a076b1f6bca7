"""How many calls a record stands for, where it is more than one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column."""
    op.add_column("calls", sa.Column("stands_for", sa.BigInteger))
