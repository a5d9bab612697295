"""Halls and their events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "hall",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("last_at", sa.String(27)),
        sa.Column("heard_at", sa.String(27), nullable=False),
        sa.Column("trouble", sa.Text),
    )
    op.create_table(
        "event",
        sa.Column("hall", sa.String(32), sa.ForeignKey("hall.id"), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    """Take them away, with everything in them."""
    op.drop_table("event")
    op.drop_table("hall")
