"""Headquarters' copy of the halls' events: each is taken once, in order, and only if it follows the one before.

The key is hall and number. A batch is taken as a whole, in one transaction that locks the hall's row, so that
several workers may share the load; it is answered once that is durable. Nothing is taken of a batch whose
events do not follow what is here, one by one, as their digests say: somebody has to see to that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from protocol.errors import JournalDamaged, StorageError
from protocol.event_rows import Row, digest_after, first_digest, instant
from protocol.ids import HallId
from protocol.uplink import BatchAnswered, CopyDiverged, EventBatch, UplinkResult, fresh_rows
from protocol.values import value
from runtime.headquarters.database import READS, said_of
from runtime.headquarters.schema import event, hall

log = logging.getLogger(__name__)

__all__ = ["HallCopy", "Store"]

PAGE_ROWS = 1_000
"""Events read at once, so that a hall's years are never in memory as a whole."""


@value
class HallCopy:
    """How far a hall's events are here; ``trouble`` says what was wrong with those that came last."""

    hall: HallId
    seq: int
    last_at: str | None
    """When the last one happened, as ISO 8601 in UTC."""
    heard_at: str
    """When the hall was heard of last, likewise."""
    trouble: str | None


class Store:
    """See the module. ``now`` gives the time (aware). Any thread may use it."""

    def __init__(self, engine: sa.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**{READS: True})
        self._now = now

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    # -- taking -----------------------------------------------------------------------------

    def take(self, batch: EventBatch) -> BatchAnswered:
        """Take a batch, and answer it as far as it is durable; what goes wrong is in the answer."""
        try:
            return self._take(batch)
        except SQLAlchemyError as error:
            # Another worker may have made the hall's row at the same instant.
            worth_a_word = not isinstance(error, IntegrityError)
            detail = f"headquarters' database: {said_of(error)}"
            if worth_a_word:
                log.warning("batch not taken hall=%s %s", batch.hall, detail)
            return BatchAnswered(hall=batch.hall, result=UplinkResult.LATER, detail=detail)

    def _take(self, batch: EventBatch) -> BatchAnswered:
        id, heard_at = batch.hall, instant(self._now())
        with self._engine.begin() as connection:
            known = connection.execute(
                sa.select(hall.c.seq, hall.c.digest, hall.c.trouble)
                .where(hall.c.id == id)
                .with_for_update()
            ).one_or_none()
            if known is None:
                seq, digest, trouble = 0, first_digest(id), None
                first = {"id": id, "seq": 0, "digest": digest, "heard_at": heard_at}
                connection.execute(sa.insert(hall).values(first))
            else:
                seq, digest, trouble = known
            try:
                fresh = fresh_rows(
                    batch.rows, seq, digest, lambda known: self._digest(connection, id, known)
                )
            except CopyDiverged as wrong:
                troubled = {"heard_at": heard_at, "trouble": str(wrong)}
                connection.execute(sa.update(hall).where(hall.c.id == id).values(troubled))
                if trouble is None:
                    log.error("events do not follow hall=%s %s", id, wrong)
                return BatchAnswered(
                    hall=id, result=UplinkResult.DIVERGED, seq=seq, detail=str(wrong)
                )
            if fresh:
                connection.execute(
                    sa.insert(event), [{"hall": id, **row._asdict()} for row in fresh]
                )
                seq = fresh[-1].seq
            # A question alone proves nothing.
            changed: dict[str, str | int | None] = {
                "heard_at": heard_at,
                "trouble": None if batch.rows else trouble,
            }
            if fresh:
                last = fresh[-1]
                changed |= {"seq": last.seq, "digest": last.digest, "last_at": last.at}
            connection.execute(sa.update(hall).where(hall.c.id == id).values(changed))
        return BatchAnswered(hall=id, result=UplinkResult.HAS, seq=seq)

    def _digest(self, connection: sa.Connection, id: HallId, seq: int) -> str:
        where = (event.c.hall == id) & (event.c.seq == seq)
        return str(connection.execute(sa.select(event.c.digest).where(where)).scalar_one())

    # -- reading ----------------------------------------------------------------------------

    def halls(self) -> Sequence[HallCopy]:
        """Return how far each hall is.

        Raises:
            StorageError: the database does not answer.
        """
        columns = (hall.c.id, hall.c.seq, hall.c.last_at, hall.c.heard_at, hall.c.trouble)
        try:
            with self._reader.connect() as connection:
                rows = connection.execute(sa.select(*columns).order_by(hall.c.id)).all()
        except SQLAlchemyError as error:
            raise StorageError(f"headquarters' database: {said_of(error)}") from error
        return [
            HallCopy(hall=HallId(id), seq=seq, last_at=last_at, heard_at=heard_at, trouble=trouble)
            for id, seq, last_at, heard_at, trouble in rows
        ]

    def verify(self, id: HallId) -> int:
        """Look at every event of a hall and return how many there are.

        Raises:
            JournalDamaged: the first place where something is not as the hall wrote it.
            StorageError: the hall is not known here, or the database does not answer.
        """
        try:
            with self._reader.connect() as connection:
                return self._verify(connection, id)
        except SQLAlchemyError as error:
            raise StorageError(f"headquarters' database: {said_of(error)}") from error

    def _verify(self, connection: sa.Connection, id: HallId) -> int:
        query = sa.select(hall.c.seq, hall.c.digest).where(hall.c.id == id)
        known = connection.execute(query).one_or_none()
        if known is None:
            raise StorageError(f"headquarters knows no hall {str(id)!r}")
        digest, seq = first_digest(id), 0
        columns = [event.c[name] for name in Row._fields]
        while seq < known.seq:
            where = (event.c.hall == id) & (event.c.seq > seq) & (event.c.seq <= known.seq)
            page = sa.select(*columns).where(where).order_by(event.c.seq).limit(PAGE_ROWS)
            rows = [Row._make(found) for found in connection.execute(page)]
            for row in rows:
                seq += 1
                if row.seq != seq:
                    raise JournalDamaged(f"event {seq} of hall {id} is missing at headquarters")
                if row.digest != digest_after(digest, row):
                    raise JournalDamaged(
                        f"event {seq} of hall {id} ({row.kind}, {row.at}) is not what the hall wrote"
                    )
                digest = row.digest
            if not rows:
                raise JournalDamaged(f"event {seq + 1} of hall {id} is missing at headquarters")
        if digest != known.digest:
            raise JournalDamaged(f"hall {id} ends with another event than headquarters remembers")
        return seq
