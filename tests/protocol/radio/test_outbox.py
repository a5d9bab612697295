"""Who goes first: urgency, turns, superseding, and what a waiting broadcast holds up."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.radio.actions import Acknowledged, Action, BroadcastSent, GaveUp, Transmit
from protocol.radio.datagram import BROADCAST, acknowledgement
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.options import LinkOptions
from protocol.radio.outbox import Urgency
from protocol.radio.reliable import ReliableLink

LOW, NORMAL, HIGH = Urgency


def frames_of(actions: list[Action]) -> list[Frame]:
    decoder = FrameDecoder()
    return [
        frame
        for action in actions
        if isinstance(action, Transmit)
        for frame in decoder.receive(action.octets)
    ]


def payloads_of(actions: list[Action]) -> list[bytes]:
    return [frame.payload for frame in frames_of(actions)]


def link(**options: Any) -> ReliableLink:
    return ReliableLink(1, Random(1), LinkOptions(**options))


def passed(subject: ReliableLink) -> float:
    """Let the time pass up to the next deadline, and return it."""
    deadline_s = subject.next_deadline()
    assert deadline_s is not None
    subject.tick(deadline_s)
    return deadline_s


def all_answered(subject: ReliableLink, actions: list[Action]) -> list[bytes]:
    """Acknowledge each datagram at once until nothing is left; return the payloads in order."""
    sent = []
    now_s = 0.0
    while True:
        for frame in frames_of(actions):
            sent.append(frame.payload)
            if frame.to != BROADCAST:
                now_s += 0.05
                actions = subject.receive(encode_frame(acknowledgement(frame)), now_s)
                break
        else:
            deadline_s = subject.next_deadline()
            if deadline_s is None:
                return sent
            now_s = max(now_s, deadline_s)
            actions = subject.tick(now_s)


def test_more_urgent_datagrams_of_other_peers_go_first() -> None:
    subject = link()
    first = subject.send(2, b"first", 1, 0.0, urgency=LOW)
    subject.send(3, b"banner", 2, 0.0, urgency=LOW)
    subject.send(4, b"window", 3, 0.0)
    subject.send(5, b"result", 4, 0.0, urgency=HIGH)
    subject.send(6, b"result too", 5, 0.0, urgency=HIGH)
    expected = [b"first", b"result", b"result too", b"window", b"banner"]
    assert all_answered(subject, first) == expected


def test_more_urgent_datagram_to_one_peer_passes_those_not_attempted() -> None:
    subject = link()
    first = subject.send(2, b"under way", 1, 0.0, urgency=LOW)
    subject.send(2, b"banner", 2, 0.0, urgency=LOW)
    subject.send(2, b"one", 3, 0.0, urgency=HIGH)
    subject.send(2, b"two", 4, 0.0, urgency=HIGH)
    assert all_answered(subject, first) == [b"under way", b"one", b"two", b"banner"]


def test_urgent_datagram_goes_out_while_another_pauses() -> None:
    subject = link()
    subject.send(9, b"nobody", 1, 0.0, urgency=HIGH)
    assert payloads_of(subject.send(2, b"other", 2, 0.0, urgency=LOW)) == []
    deadline_s = subject.next_deadline()
    assert deadline_s is not None
    assert payloads_of(subject.tick(deadline_s)) == [b"other"]


@given(st.lists(st.tuples(st.integers(2, 6), st.sampled_from(Urgency)), max_size=20))
def test_all_goes_out_once_and_equals_to_one_peer_keep_their_order(
    sends: list[tuple[int, Urgency]],
) -> None:
    subject = link()
    actions: list[Action] = []
    for number, (to, urgency) in enumerate(sends):
        actions += subject.send(to, bytes([number]), number, 0.0, urgency=urgency)
    sent = [payload[0] for payload in all_answered(subject, actions)]
    assert sorted(sent) == list(range(len(sends)))
    for kind in set(sends):
        numbers = [number for number, send in enumerate(sends) if send == kind]
        assert [number for number in sent if sends[number] == kind] == numbers
    # The first went at once; behind it, nothing urgent waits for anything less so.
    urgencies = [sends[number][1] for number in sent[1:]]
    assert urgencies == sorted(urgencies, reverse=True)


# -- superseding --------------------------------------------------------------------------------


def test_waiting_datagram_is_superseded_in_its_turn() -> None:
    subject = link()
    first = subject.send(2, b"first", 1, 0.0)
    subject.send(3, b"A001", 2, 0.0)
    subject.send(4, b"other", 3, 0.0)
    assert subject.supersede(2, b"A002")
    assert all_answered(subject, first) == [b"first", b"A002", b"other"]
    assert subject.counts.superseded == 1


def test_withdrawn_datagram_is_never_heard_of_again() -> None:
    subject = link(queue_max=2)
    first = subject.send(2, b"first", 1, 0.0)
    subject.send(3, b"second", 2, 0.0)
    assert subject.withdraw(2)
    assert not subject.withdraw(2)
    assert subject.send(3, b"third", 3, 0.0) == []
    assert all_answered(subject, first) == [b"first", b"third"]


def test_attempted_datagram_is_neither_superseded_nor_withdrawn() -> None:
    subject = link()
    subject.send(2, b"first", 1, 0.0)
    assert not subject.supersede(1, b"changed")
    assert not subject.withdraw(1)
    # Nor while it pauses: the peer may have it.
    passed(subject)
    assert not subject.supersede(1, b"changed")
    assert not subject.withdraw(7)
    assert subject.counts.superseded == 0


def test_waiting_broadcast_is_superseded_and_withdrawn() -> None:
    subject = link()
    first = subject.send(2, b"first", 1, 0.0)
    subject.send_broadcast(b"all", 0.0, token=2)
    subject.send_broadcast(b"more", 0.0, token=3)
    assert subject.supersede(2, b"newest")
    assert subject.withdraw(3)
    assert all_answered(subject, first) == [b"first", b"newest"]


# -- broadcasts ---------------------------------------------------------------------------------


def test_broadcast_with_a_token_tells_when_it_goes_out() -> None:
    subject = link()
    [frame] = frames_of(subject.send(2, b"first", 1, 0.0))
    assert subject.send_broadcast(b"all", 0.0, token=7) == []
    actions = subject.receive(encode_frame(acknowledgement(frame)), 0.1)
    assert [type(action) for action in actions] == [Acknowledged, Transmit, BroadcastSent]
    assert actions[-1] == BroadcastSent(token=7)


def test_broadcast_goes_out_between_attempts_that_may_be_taken_twice() -> None:
    subject = link()
    subject.send(2, b"state", 1, 0.0, idempotent=True)
    subject.send_broadcast(b"all", 0.0)
    deadline_s = subject.next_deadline()
    assert deadline_s is not None
    [frame] = frames_of(subject.tick(deadline_s))
    assert frame.payload == b"all"


def test_broadcast_waits_for_one_that_may_not_be_taken_twice() -> None:
    subject = link()
    subject.send(2, b"state", 1, 0.0, idempotent=True)
    now_s = passed(subject)
    subject.send(3, b"once", 2, now_s)
    subject.send_broadcast(b"all", now_s)
    sent: list[bytes] = []
    ended: list[Action] = []
    while b"all" not in sent:
        deadline_s = subject.next_deadline()
        assert deadline_s is not None
        actions = subject.tick(deadline_s)
        sent += payloads_of(actions)
        ended += [action for action in actions if isinstance(action, GaveUp)]
    assert [action.token for action in ended if isinstance(action, GaveUp)][-1] == 2


def test_more_urgent_datagram_starts_while_a_broadcast_waits() -> None:
    subject = link()
    subject.send(9, b"nobody", 1, 0.0)
    subject.send_broadcast(b"all", 0.0)
    subject.send(2, b"equal", 2, 0.0)
    subject.send(3, b"result", 3, 0.0, urgency=HIGH)
    deadline_s = subject.next_deadline()
    assert deadline_s is not None
    assert payloads_of(subject.tick(deadline_s)) == [b"result"]


@given(
    st.lists(
        st.tuples(st.sampled_from([2, 3, 4, BROADCAST]), st.sampled_from(Urgency), st.booleans()),
        max_size=12,
    ),
    st.lists(st.booleans()),
)
def test_no_broadcast_between_attempts_that_may_not_be_taken_twice(
    sends: list[tuple[int, Urgency, bool]], answers: list[bool]
) -> None:
    subject = link()
    pending: set[bytes] = set()
    actions: list[Action] = []
    for number, (to, urgency, idempotent) in enumerate(sends):
        payload = bytes([number])
        if to == BROADCAST:
            actions += subject.send_broadcast(payload, 0.0, token=number, urgency=urgency)
        else:
            actions += subject.send(
                to, payload, number, 0.0, urgency=urgency, idempotent=idempotent
            )
    answer = iter(answers)
    now_s = 0.0
    ended = 0
    while True:
        frames = frames_of(actions)
        ended += sum(
            isinstance(action, GaveUp | Acknowledged | BroadcastSent) for action in actions
        )
        for action in actions:
            if isinstance(action, GaveUp | Acknowledged):
                pending.discard(bytes([action.token]))
        for frame in frames:
            if frame.to == BROADCAST:
                assert not pending
            elif not sends[frame.payload[0]][2]:
                pending.add(frame.payload)
        actions = []
        if frames and frames[-1].to != BROADCAST and next(answer, False):
            now_s += 0.01
            actions = subject.receive(encode_frame(acknowledgement(frames[-1])), now_s)
            continue
        deadline_s = subject.next_deadline()
        if deadline_s is None:
            break
        now_s = max(now_s, deadline_s)
        actions = subject.tick(now_s)
    assert ended == len(sends)
