"""The way to headquarters where it is in the same process: a thread of its own writes to the database."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from actors.audience import told
from protocol.errors import StorageError
from protocol.messages import Recipient
from protocol.uplink import BatchAnswered, EventBatch, UplinkResult
from runtime.headquarters.store import Store

log = logging.getLogger(__name__)

__all__ = ["DirectUplink"]


class DirectUplink:
    """See `actors.ports.UplinkPort`. Each hall has one batch on its way, so what waits here is bounded."""

    def __init__(
        self,
        store: Store,
        prepare: Callable[[], None],
        call_in_loop: Callable[[Callable[[], None]], None],
    ) -> None:
        """Write to ``store``; ``call_in_loop`` has the answers told on the loop's thread.

        ``prepare`` is called before the first batch, again for each until it succeeds: whether the database is
        there is nothing that a hall waits for when it starts.
        """
        self._store = store
        self._prepare = prepare
        self._ready = False
        self._call_in_loop = call_in_loop
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="headquarters")

    def send(self, batch: EventBatch, reply_to: Recipient) -> None:
        """Have ``batch`` taken."""
        self._worker.submit(self._take, batch, reply_to)

    def stop(self) -> None:
        """Finish the batch that is being taken, take no other one, and let the database go."""
        self._worker.shutdown(cancel_futures=True)
        self._store.close()

    def _take(self, batch: EventBatch, reply_to: Recipient) -> None:
        try:
            if not self._ready:
                self._prepare()
                self._ready = True
            answer = self._store.take(batch)
        except StorageError as error:
            answer = BatchAnswered(hall=batch.hall, result=UplinkResult.LATER, detail=str(error))
        except Exception as error:  # a defect of ours must not end the thread in silence
            log.exception("batch not taken hall=%s", batch.hall)
            answer = BatchAnswered(
                hall=batch.hall, result=UplinkResult.LATER, detail=type(error).__name__
            )
        self._call_in_loop(lambda: (told(reply_to, answer), None)[1])
