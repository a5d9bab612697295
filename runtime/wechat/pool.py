"""Threads that call WeChat's service: its calls block, and nothing else may."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import cycle
from threading import Lock

import pykka

from runtime.wechat.client import ApiClient

log = logging.getLogger(__name__)

__all__ = ["JOBS_MAX", "ApiPool", "Job"]

JOBS_MAX = 1_000
"""Jobs that wait for a thread; one more is refused: it would have to wait for minutes."""

Job = Callable[[ApiClient], None]
"""Calls the service with the thread's client, and tells whoever waits for the answer, whatever that is."""


class ApiPool:
    """One thread, a `pykka.ThreadingActor`, for each of ``clients``; stop it at the end."""

    def __init__(self, clients: Sequence[ApiClient]) -> None:
        self._lock = Lock()
        self._waiting = 0
        self._threads = [_Thread.start(self, client) for client in clients]
        self._turn = cycle(self._threads)

    def submit(self, job: Job) -> bool:
        """Have ``job`` done by the next thread; return whether it will be, as not too many wait."""
        with self._lock:
            if self._waiting >= JOBS_MAX:
                return False
            self._waiting += 1
        next(self._turn).tell(job)
        return True

    def done(self) -> None:
        """Note that a thread has done a job."""
        with self._lock:
            self._waiting -= 1

    def stop(self) -> None:
        """End each thread once it has done the job that it is at; the others are not done."""
        for thread in self._threads:
            thread.stop(block=False)


class _Thread(pykka.ThreadingActor):
    use_daemon_thread = True

    def __init__(self, pool: ApiPool, client: ApiClient) -> None:
        super().__init__()
        self._pool = pool
        self._client = client

    def on_receive(self, message: Job) -> None:
        try:
            message(self._client)
        except Exception as error:
            # The type alone: what it says may quote a request.
            log.error("call of WeChat failed error=%s", type(error).__name__)
        finally:
            self._pool.done()
