"""Content that is sealed, and what is done with the record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """What was kept in plain text before is sealed by the gateway, a little at a time."""
    op.create_table(
        "audit_acts",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", sa.Text),
    )
    op.create_index("ix_audit_acts_subject", "audit_acts", ["subject", "number"])
    op.add_column("call_content", sa.Column("form", sa.Text))
    op.add_column("call_content", sa.Column("sealed_request", sa.LargeBinary))
    op.add_column("call_content", sa.Column("sealed_response", sa.LargeBinary))
    plain = sa.text("form IS NULL")
    op.create_index(
        "ix_call_content_plain",
        "call_content",
        ["call_id"],
        sqlite_where=plain,
        postgresql_where=plain,
    )
