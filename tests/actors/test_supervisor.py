from __future__ import annotations

import logging
from typing import Any

import pykka
import pytest

from actors import supervisor
from actors.base import Actor, Place, receives
from actors.supervisor import FAILURES_MAX, Supervisor


class Fragile(Actor):
    def __init__(self, place: Place, lives: list[int]) -> None:
        super().__init__(place)
        if lives and lives[0] < 0:
            raise OSError("cannot even be made")
        lives.append(len(lives))
        self.handled: list[str] = []

    @receives(str)
    def take(self, message: str) -> None:
        if message == "break":
            raise RuntimeError("broken")
        self.handled.append(message)


@pytest.fixture
def given_up(rig: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    monkeypatch.setattr(supervisor, "REST_FIRST_S", rig.unit_s)
    names: list[tuple[str, str]] = []
    rig.world.failures = Supervisor(rig.world, lambda name, error: names.append((name, str(error))))
    return names


def test_a_failed_actor_is_replaced_after_its_rest_and_handles_what_waited(
    rig: Any, given_up: Any, caplog: pytest.LogCaptureFixture
) -> None:
    lives: list[int] = []
    ref = rig.world.spawn("a", Fragile, lives)
    with caplog.at_level(logging.ERROR):
        for message in ("before", "break", "after"):
            ref.tell(message)
        rig.run()
    assert lives == [0]
    rig.run(2)
    assert lives == [0, 1]
    assert ref.place.actor.handled == ["after"]
    assert "actor failed actor=a message=str" in caplog.text
    assert given_up == []


def test_rests_grow(rig: Any, given_up: Any) -> None:
    ref = rig.world.spawn("a", Fragile, [])
    births = [rig.world.monotonic()]
    rig.world.trace = lambda now, _name, message: births.append(now) if message != "break" else 0
    for _ in range(3):
        ref.tell("break")
    rig.run(10)
    begun, *restarts = births[1:]
    rests = [later - earlier for earlier, later in zip([begun, *restarts], restarts, strict=False)]
    assert [rest >= times * rig.unit_s for rest, times in zip(rests, (1, 2, 4), strict=True)] == [
        True
    ] * 3
    if rig.unit_s == 1.0:  # not in real time: other work on the machine makes some rests longer
        assert rests[0] < rests[1] < rests[2]


def test_at_the_limit_the_supervisor_gives_up_loudly_and_others_go_on(
    rig: Any, given_up: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "REST_MAX_S", rig.unit_s)
    ref = rig.world.spawn("a", Fragile, [])
    other = rig.world.spawn("b", Fragile, [])
    for _ in range(FAILURES_MAX):
        ref.tell("break")
    rig.run(FAILURES_MAX * 2)
    assert given_up == [("a", "broken")]
    assert not ref.is_alive()
    assert "actor given up actor=a" in caplog.text
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("x")
    other.tell("still here")
    rig.run()
    assert other.place.actor.handled == ["still here"]


def test_an_actor_that_cannot_be_made_again_counts_as_failed(rig: Any, given_up: Any) -> None:
    lives: list[int] = []
    ref = rig.world.spawn("a", Fragile, lives)
    ref.tell("break")
    rig.run()
    lives[0] = -1
    rig.run(2)
    assert ref.place.resting
    lives[0] = 0
    rig.run(3)
    assert not ref.place.resting
