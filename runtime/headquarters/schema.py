"""The tables of headquarters' database, in SQLite, and meant to be the same in PostgreSQL.

    hall     how far each hall's events are here, and what is wrong with them
    event    the events themselves, sealed as in the hall's journal (`protocol.event_rows`)

`migrations` makes them; a test holds the two together.
"""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["METADATA", "event", "hall"]

METADATA = sa.MetaData()

hall = sa.Table(
    "hall",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    # The last event that is here, and the digest that the next one must follow.
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
    # Its time, as ISO 8601 in UTC; when something came last, likewise.
    sa.Column("last_at", sa.String(27)),
    sa.Column("heard_at", sa.String(27), nullable=False),
    # What was wrong with the last batch.
    sa.Column("trouble", sa.Text),
)

event = sa.Table(
    "event",
    METADATA,
    sa.Column("hall", sa.String(32), sa.ForeignKey("hall.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(27), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
)
