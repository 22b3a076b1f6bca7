"""The hash chain over what is recorded, and the key of its content hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add both tables. What was recorded before is not covered, and says so when it is checked."""
    op.create_table(
        "audit_chain",
        sa.Column("writer", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("moment", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("content", sa.LargeBinary),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_keys",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
    )
