"""Has Alembic take the steps on the connection that `runtime.headquarters.database` gives it."""

from alembic import context

from runtime.headquarters.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
