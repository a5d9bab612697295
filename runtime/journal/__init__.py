"""A hall's journal: durable events in an SQLite file."""

from runtime.journal.sqlite import CallInLoop, SqliteJournal

__all__ = ["CallInLoop", "SqliteJournal"]
