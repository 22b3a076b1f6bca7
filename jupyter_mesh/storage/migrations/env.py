"""What Alembic runs: on the connection `storage.schema` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from jupyter_mesh.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
