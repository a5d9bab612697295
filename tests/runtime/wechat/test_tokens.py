"""One owner of the account's token, however many threads there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from runtime.wechat.tokens import RENEW_BEFORE_S, Fetched, TokenOwner

LASTS_S = 7200.0


class Service:
    """Gives tokens; the same one until it is forced to another, or has another anyway."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.number = 1
        self.now_s = 1000.0
        self.owner = TokenOwner(self.fetch, lambda: self.now_s)

    def fetch(self, force: bool) -> Fetched:
        self.asked.append(force)
        self.number += force
        return Fetched(f"token-{self.number}", LASTS_S)


@pytest.fixture
def service() -> Service:
    return Service()


def test_token_is_fetched_once(service: Service) -> None:
    assert [service.owner.token() for _ in range(3)] == ["token-1"] * 3
    assert service.asked == [False]


def test_token_is_fetched_again_shortly_before_its_end(service: Service) -> None:
    service.owner.token()
    service.now_s += LASTS_S - RENEW_BEFORE_S - 1
    service.owner.token()
    assert len(service.asked) == 1
    service.number = 2
    service.now_s += 1
    assert service.owner.token() == "token-2"


def test_refused_token_is_replaced_by_the_one_that_is_there_already(service: Service) -> None:
    service.owner.token()
    service.number = 2
    assert service.owner.renew("token-1") == "token-2"
    assert service.asked == [False, False]


def test_refused_token_that_the_service_still_gives_is_forced_out(service: Service) -> None:
    service.owner.token()
    assert service.owner.renew("token-1") == "token-2"
    assert service.asked == [False, False, True]


def test_who_was_refused_with_an_older_token_has_the_newer_one(service: Service) -> None:
    service.owner.token()
    service.owner.renew("token-1")
    asked = len(service.asked)
    assert service.owner.renew("token-1") == "token-2"
    assert len(service.asked) == asked


def test_ten_cold_threads_fetch_one_token(service: Service) -> None:
    ready = Barrier(10)

    def ask() -> str:
        ready.wait(timeout=10)
        return service.owner.token()

    with ThreadPoolExecutor(10) as threads:
        tokens = [threads.submit(ask) for _ in range(10)]
    assert {token.result() for token in tokens} == {"token-1"}
    assert service.asked == [False]


def test_failed_fetch_is_told_and_tried_again_by_the_next(service: Service) -> None:
    failing = True

    def fetch(force: bool) -> Fetched:
        if failing:
            raise OSError("away")
        return service.fetch(force)

    owner = TokenOwner(fetch)
    with pytest.raises(OSError, match="away"):
        owner.token()
    failing = False
    assert owner.token() == "token-1"
