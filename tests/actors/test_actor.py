"""Actors, on every clock."""

from __future__ import annotations

from typing import Any

import pykka
import pytest

from actors.base import INBOX_MAX, Actor, Future, receives
from actors.world import TURN_MESSAGES
from protocol.errors import BlockingAskError, MailboxFull, WorldError
from protocol.values import value
from sim.world import SimWorld


@value
class Note:
    text: str


@value
class Question:
    about: str


class Recorder(Actor):
    """Notes what it receives and when."""

    def __init__(self, place: Any, log: list[Any]) -> None:
        super().__init__(place)
        self.log = log

    def on_start(self) -> None:
        self.log.append((self.name, "started"))

    def on_stop(self) -> None:
        self.log.append((self.name, "stopped"))

    @receives(Note)
    def note(self, message: Note) -> None:
        if message.text == "fail":
            raise ValueError("told to")
        self.log.append((self.name, message.text))

    @receives(Question)
    def answer(self, message: Question) -> Any:
        if message.about == "failure":
            raise KeyError("asked to")
        if message.about == "later":
            self.promise = Future()
            return self.promise
        return message.about.upper()


def test_told_messages_arrive_in_order_after_the_start(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    for number in range(100):
        ref.tell(Note(text=str(number)))
    assert log == []
    rig.run()
    assert log == [("a", "started"), *(("a", str(number)) for number in range(100))]


def test_a_flooded_actor_leaves_turns_to_others(rig: Any) -> None:
    log: list[Any] = []
    flooded, other = rig.world.spawn("f", Recorder, log), rig.world.spawn("o", Recorder, log)
    for number in range(1000):
        flooded.tell(Note(text=str(number)))
    other.tell(Note(text="mine"))
    rig.run()
    assert log.index(("o", "mine")) <= TURN_MESSAGES + 2
    assert len(log) == 1003


def test_a_timer_delivers_its_message_when_due_and_not_before(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    rig.world.later(5 * rig.unit_s, ref.place, Note(text="due"))
    rig.run(3)
    assert ("a", "due") not in log
    rig.run(4)
    assert log[-1] == ("a", "due")


def test_timers_ring_in_the_order_of_their_times_and_ties_in_order_of_setting(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    for delay, text in ((3, "c"), (1, "a"), (2, "b1"), (2, "b2")):
        rig.world.later(delay * rig.unit_s, ref.place, Note(text=text))
    rig.run(8)
    assert [text for _, text in log[1:]] == ["a", "b1", "b2", "c"]


def test_a_cancelled_timer_stays_silent(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    timer = rig.world.later(rig.unit_s, ref.place, Note(text="never"))
    timer.cancel()
    rig.run(3)
    timer.cancel()
    assert log == [("a", "started")]


def test_clocks_advance_together_and_never_back(rig: Any) -> None:
    now, monotonic = rig.world.now(), rig.world.monotonic()
    rig.run(2)
    assert rig.world.now() > now
    assert rig.world.monotonic() > monotonic
    assert rig.world.now().utcoffset().total_seconds() == 0


def test_an_ask_is_answered_through_its_future(rig: Any) -> None:
    ref = rig.world.spawn("a", Recorder, [])
    answers: list[Any] = []
    future = ref.ask(Question(about="x"), block=False)
    future.then(lambda answered: answers.append(answered.get()))
    rig.run()
    assert answers == ["X"]
    assert future.get() == "X"


def test_a_blocking_ask_raises_at_once_instead_of_hanging(rig: Any) -> None:
    ref = rig.world.spawn("a", Recorder, [])
    with pytest.raises(BlockingAskError, match="hang for ever"):
        ref.ask(Question(about="x"))


def test_a_handler_may_answer_later(rig: Any) -> None:
    ref = rig.world.spawn("a", Recorder, [])
    future = ref.ask(Question(about="later"), block=False)
    rig.run()
    with pytest.raises(BlockingAskError):
        future.get()
    ref.place.actor.promise.set(3)
    assert future.get() == 3


def test_the_failure_of_an_ask_reaches_the_asker_and_the_actor_lives(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    future = ref.ask(Question(about="failure"), block=False)
    ref.tell(Note(text="after"))
    rig.run()
    with pytest.raises(KeyError, match="asked to"):
        future.get()
    assert log[-1] == ("a", "after")


def test_a_failed_handler_is_reported_and_its_actor_rests(rig: Any, failures: list[Any]) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    other = rig.world.spawn("b", Recorder, log)
    ref.tell(Note(text="fail"))
    ref.tell(Note(text="kept"))
    other.tell(Note(text="goes on"))
    rig.run()
    assert failures == [("a", Note(text="fail"), "ValueError('told to')")]
    assert ("b", "goes on") in log
    assert ("a", "kept") not in log
    rig.world.restart_after(0, ref.place)
    rig.run(1)
    assert log[-2:] == [("a", "started"), ("a", "kept")]


def test_timers_of_a_failed_actor_do_not_ring_for_its_successor(
    rig: Any, failures: list[Any]
) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    rig.world.later(3 * rig.unit_s, ref.place, Note(text="old"))
    ref.tell(Note(text="fail"))
    rig.run()
    rig.world.restart_after(0, ref.place)
    rig.run(6)
    assert len(failures) == 1
    assert ("a", "old") not in log


def test_a_timer_that_rings_while_its_failed_actor_rests_is_lost_too(
    rig: Any, failures: list[Any]
) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    rig.world.later(2 * rig.unit_s, ref.place, Note(text="old"))
    ref.tell(Note(text="fail"))
    rig.run(4)
    rig.world.restart_after(0, ref.place)
    rig.run(2)
    assert len(failures) == 1
    assert log == [("a", "started")] * 2


def test_a_message_nobody_takes_is_a_failure(rig: Any, failures: list[Any]) -> None:
    rig.world.spawn("a", Recorder, []).tell("what is this")
    rig.run()
    assert failures[0][:2] == ("a", "what is this")
    assert "does not take str" in failures[0][2]


def test_a_stopped_actor_takes_nothing_and_answers_waiting_asks(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    stopping = ref.stop(block=False)
    asked = ref.ask(Question(about="x"), block=False)
    rig.run()
    assert log == [("a", "started"), ("a", "stopped")]
    assert stopping.get() is True
    with pytest.raises(pykka.ActorDeadError):
        asked.get()
    with pytest.raises(pykka.ActorDeadError):
        ref.tell(Note(text="x"))
    assert not ref.is_alive()


def test_a_name_is_given_once_and_again_after_its_end(rig: Any) -> None:
    ref = rig.world.spawn("a", Recorder, [])
    with pytest.raises(WorldError, match="named a already"):
        rig.world.spawn("a", Recorder, [])
    ref.stop(block=False)
    rig.run()
    assert rig.world.find("a") is None
    rig.world.spawn("a", Recorder, [])
    assert rig.world.find("a") is not None


def test_a_full_mailbox_refuses_and_keeps_what_it_has(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    for _ in range(INBOX_MAX - 1):
        ref.tell(Note(text="x"))
    with pytest.raises(MailboxFull, match="takes no more"):
        ref.tell(Note(text="one too many"))
    for _ in range(200):
        if len(log) == INBOX_MAX:
            break
        rig.run(1)
    assert len(log) == INBOX_MAX


def test_a_timer_reaches_an_actor_whose_mailbox_is_full(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    rig.run()
    rig.world.later(0, ref.place, Note(text="due"))
    for _ in range(INBOX_MAX):
        ref.tell(Note(text="x"))
    for _ in range(200):
        if ("a", "due") in log:
            break
        rig.run(1)
    assert log[-1] == ("a", "due")
    assert len(log) == INBOX_MAX + 2


def test_a_call_of_the_outer_loop_that_raises_does_not_end_the_world(rig: Any) -> None:
    log: list[Any] = []
    ref = rig.world.spawn("a", Recorder, log)
    rig.run()

    def call() -> None:
        ref.tell(Note(text="before"))
        raise ValueError("called")

    with pytest.raises(ValueError, match="called"):
        rig.world.run_after(call)
    ref.tell(Note(text="after"))
    rig.run()
    assert log[1:] == [("a", "before"), ("a", "after")]


def test_closing_a_world_stops_the_youngest_first_and_admits_nobody(rig: Any) -> None:
    log: list[Any] = []
    for name in "abc":
        rig.world.spawn(name, Recorder, log)
    rig.run()
    rig.world.close()
    assert log[3:] == [("c", "stopped"), ("b", "stopped"), ("a", "stopped")]
    assert not pykka.ActorRegistry.get_by_class(Recorder)
    with pytest.raises(WorldError, match="closed"):
        rig.world.spawn("d", Recorder, log)


def test_actors_can_be_watched(rig: Any) -> None:
    ref = rig.world.spawn("a", Recorder, [])
    for _ in range(3):
        ref.tell(Note(text="x"))
    (watched,) = rig.world.watch()
    assert (watched.name, watched.kind, watched.mailbox) == ("a", "Recorder", 4)
    rig.run()
    (watched,) = rig.world.watch()
    assert (watched.mailbox, watched.turns, watched.restarts) == (0, 4, 0)
    assert watched.slowest_message in {"Note", "_Started"}
    assert 0 < watched.slowest_s <= watched.busy_s


def test_without_a_stopwatch_nothing_is_measured() -> None:
    world = SimWorld()
    ref = world.spawn("a", Recorder, [])
    ref.tell(Note(text="x"))
    world.run()
    (watched,) = world.watch()
    assert (watched.mailbox, watched.turns, watched.busy_s) == (0, 0, 0.0)
    world.close()


def test_a_reference_found_in_pykkas_registry_is_the_same(rig: Any) -> None:
    ref = rig.world.spawn("hall/X", Recorder, [])
    assert pykka.ActorRegistry.get_by_urn("hall/X") is ref


def test_starting_an_actor_as_pykka_does_is_refused() -> None:
    with pytest.raises((WorldError, TypeError)):
        Recorder.start([])
