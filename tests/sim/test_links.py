"""Links to virtual devices on SimPy's clock."""

from collections.abc import Callable
from typing import Any

import pytest

from actors.base import Actor
from actors.ports import LinkOpener
from protocol.errors import ConfigError
from protocol.messages import LinkDown, LinkUp, OctetsReceived
from protocol.ports import REOPEN_MAX_S, WAITING_MAX
from sim.links import SimLinks
from sim.world import SimWorld

UP = LinkUp()
OCTET_S = 10 / 9600


class Owner:
    """Keeps what it is told, and when."""

    def __init__(self, world: SimWorld) -> None:
        self.world = world
        self.told: list[tuple[float, object]] = []

    def tell(self, message: object) -> None:
        self.told.append((self.world.monotonic(), message))

    @property
    def messages(self) -> list[object]:
        return [message for _, message in self.told]


class Echo:
    """Sends back what it receives; ``due`` is its next deadline."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self.due: float | None = None
        self.ticked_at_s: list[float] = []

    def receive(self, octets: bytes, now: float) -> bytes:
        self.heard.append((now, octets))
        return octets

    def tick(self, now: float) -> bytes:
        self.ticked_at_s.append(now)
        self.due = None
        return b"tick"

    def next_deadline(self) -> float | None:
        return self.due


class Hall:
    """A simulation with one device, ``gw``, and one owner."""

    def __init__(self, seed: int = 1) -> None:
        self.world = SimWorld(seed=seed)
        self.links = SimLinks(self.world)
        self.device = Echo()
        self.owner = Owner(self.world)
        self.links.register("gw", self.device)

    def at(self, time_s: float, call: Callable[[], Any]) -> None:
        self.world.run(until_s=time_s)
        call()


@pytest.fixture
def hall() -> Hall:
    return Hall()


def octets(text: bytes) -> OctetsReceived:
    return OctetsReceived(octets=text)


def test_octets_take_their_time_there_and_back(hall: Hall) -> None:
    link = hall.links.open_link("virtual:gw", hall.owner)
    hall.at(1.0, lambda: link.write(b"12345678"))
    hall.world.run(until_s=2.0)
    ((there_s, heard),) = hall.device.heard
    assert (there_s, heard) == (pytest.approx(1.0 + 8 * OCTET_S), b"12345678")
    assert hall.owner.told == [
        (0.0, UP),
        (pytest.approx(1.0 + 16 * OCTET_S), octets(b"12345678")),
    ]


def test_rate_of_the_address_sets_the_delay(hall: Hall) -> None:
    link = hall.links.open_link("virtual:gw?baud=1200", hall.owner)
    hall.at(1.0, lambda: link.write(b"x"))
    hall.world.run(until_s=2.0)
    assert hall.device.heard[0][0] == pytest.approx(1.0 + 10 / 1200)


def test_bursts_follow_each_other_on_the_line_in_order(hall: Hall) -> None:
    link = hall.links.open_link("virtual:gw", hall.owner)

    def write() -> None:
        for number in range(200):
            link.write(bytes([number]) * 3)

    hall.at(1.0, write)
    hall.world.run(until_s=3.0)
    assert [heard for _, heard in hall.device.heard] == [bytes([n]) * 3 for n in range(200)]
    assert hall.device.heard[-1][0] == pytest.approx(1.0 + 600 * OCTET_S)
    assert hall.owner.messages[1:] == [octets(bytes([n]) * 3) for n in range(200)]


def test_deadline_of_the_device_is_kept_and_what_it_sends_arrives(hall: Hall) -> None:
    hall.links.open_link("virtual:gw", hall.owner)

    def press() -> None:
        hall.device.due = 1.5
        hall.links.wake("gw")

    hall.device.due = 0.7
    hall.at(0.5, lambda: hall.links.send("gw", b""))
    hall.at(1.0, press)
    hall.world.run(until_s=2.0)
    assert hall.device.ticked_at_s == [0.7, 1.0]
    assert hall.owner.told[1] == (pytest.approx(0.7 + 4 * OCTET_S), octets(b"tick"))


def test_deadline_moved_forward_and_back_is_kept_once(hall: Hall) -> None:
    for due in (5.0, 2.0, 3.0):
        hall.device.due = due
        hall.links.send("gw", b"")
    hall.world.run(until_s=10.0)
    assert hall.device.ticked_at_s == [3.0]


def test_unplugged_in_mid_frame_delivers_what_had_arrived(hall: Hall) -> None:
    hall.links.open_link("virtual:gw", hall.owner)
    hall.at(1.0, lambda: hall.links.send("gw", b"0123456789"))
    hall.at(1.0 + 4.5 * OCTET_S, lambda: hall.links.unplug("gw"))
    hall.world.run(until_s=2.0)
    assert hall.owner.messages == [
        UP,
        octets(b"0123"),
        LinkDown(reason="virtual:gw was lost: its device was unplugged or failed"),
        LinkDown(reason="virtual:gw is not there: plug the device in"),
    ]


def test_unplugged_cuts_what_goes_to_the_device_and_its_answer(hall: Hall) -> None:
    link = hall.links.open_link("virtual:gw", hall.owner)
    hall.at(1.0, lambda: link.write(b"0123456789"))
    hall.at(1.0 + 3 * OCTET_S, lambda: hall.links.unplug("gw"))
    hall.links.plug("gw")
    hall.world.run(until_s=20.0)
    assert [heard for _, heard in hall.device.heard] == [b"012"]
    assert hall.owner.messages[0] == hall.owner.messages[-1] == UP
    assert not any(isinstance(message, OctetsReceived) for message in hall.owner.messages)


def test_plugged_again_at_once_hears_nothing_from_before(hall: Hall) -> None:
    # At 50 baud the line would be busy for longer than the port takes to come back.
    link = hall.links.open_link("virtual:gw?baud=50", hall.owner)
    hall.at(1.0, lambda: link.write(b"0123456789"))
    hall.at(2.0, lambda: hall.links.unplug("gw"))
    hall.links.plug("gw")
    hall.at(2.3, lambda: link.write(b"x"))
    hall.world.run(until_s=20.0)
    assert [heard for _, heard in hall.device.heard] == [b"01234", b"x"]
    assert hall.owner.told[-1] == (pytest.approx(2.3 + 2 * 10 / 50), octets(b"x"))
    assert hall.owner.messages.count(octets(b"x")) == 1
    assert octets(b"01234") not in hall.owner.messages


@pytest.mark.parametrize(("outage_s", "within_s"), [(0.0, 0.2), (2.0, 2.0), (600.0, REOPEN_MAX_S)])
def test_plugged_again_is_reopened_within_the_back_off(
    outage_s: float, within_s: float, hall: Hall
) -> None:
    hall.links.open_link("virtual:gw", hall.owner)
    hall.at(1.0, lambda: hall.links.unplug("gw"))
    if outage_s:
        hall.world.run(until_s=1.0 + outage_s)
    hall.links.plug("gw")
    hall.world.run(until_s=1.0 + outage_s + 20)
    up_at_s, last = hall.owner.told[-1]
    assert last == UP
    assert up_at_s - (1.0 + outage_s) <= within_s


def test_writes_while_it_is_away_are_lost_and_the_device_goes_on(hall: Hall) -> None:
    link = hall.links.open_link("virtual:gw", hall.owner)
    hall.at(1.0, lambda: hall.links.unplug("gw"))
    hall.device.due = 1.5
    hall.links.send("gw", b"into the void")
    link.write(b"lost")
    hall.at(2.0, lambda: hall.links.plug("gw"))
    hall.world.run(until_s=20.0)
    assert hall.device.heard == []
    assert hall.device.ticked_at_s == [1.5]
    assert hall.owner.messages[-1] == UP


def test_second_opener_is_refused_until_the_first_closes(hall: Hall) -> None:
    second = Owner(hall.world)
    link = hall.links.open_link("virtual:gw", hall.owner)
    hall.links.open_link("virtual:gw", second)
    hall.world.run(until_s=5.0)
    refusal = LinkDown(reason="virtual:gw is in use already: one link has it open")
    assert second.messages == [refusal]
    link.close()
    hall.world.run(until_s=20.0)
    assert second.messages == [refusal, UP]
    assert hall.owner.messages == [UP]


def test_owner_that_opens_again_gets_a_new_link_in_place_of_the_first(hall: Hall) -> None:
    first = hall.links.open_link("virtual:gw", hall.owner)
    hall.world.run(until_s=1.0)
    second = hall.links.open_link("virtual:gw", hall.owner)
    hall.world.run(until_s=2.0)
    first.write(b"lost")
    second.write(b"kept")
    hall.world.run(until_s=3.0)
    assert hall.owner.messages == [UP, UP, octets(b"kept")]


def test_device_registered_later_comes_up_then(hall: Hall) -> None:
    hall.links.open_link("virtual:printer", hall.owner)
    hall.world.run(until_s=1.0)
    assert hall.owner.messages == [
        LinkDown(reason="virtual:printer is not there: plug the device in")
    ]
    hall.links.register("printer", Echo())
    hall.world.run(until_s=20.0)
    assert hall.owner.messages[-1] == UP


def test_closed_link_tells_nothing_more(hall: Hall) -> None:
    link = hall.links.open_link("virtual:gw", hall.owner)
    hall.at(1.0, lambda: link.write(b"question"))
    link.close()
    link.close()
    hall.links.unplug("gw")
    hall.links.plug("gw")
    hall.world.run(until_s=20.0)
    assert hall.owner.messages == [UP]


def test_more_than_waits_at_most_is_a_stuck_link_that_is_opened_again(hall: Hall) -> None:
    link = hall.links.open_link("virtual:gw", hall.owner)
    hall.at(1.0, lambda: link.write(bytes(WAITING_MAX + 1)))
    assert "takes no octets" in str(hall.owner.messages[-1])
    hall.world.run(until_s=20.0)
    assert hall.owner.messages[-1] == UP


def test_nothing_goes_on_for_ever_while_a_device_is_away(hall: Hall) -> None:
    hall.links.open_link("virtual:gw", hall.owner)
    hall.at(1.0, lambda: hall.links.unplug("gw"))
    hall.world.run()
    assert hall.world.monotonic() < 1000


def test_owner_that_has_stopped_closes_its_link(hall: Hall) -> None:
    class Short(Actor):
        def on_start(self) -> None:
            hall.links.open_link("virtual:gw", self.actor_ref)
            self.world.end(self.place)

    hall.world.spawn("short", Short)
    hall.links.open_link("virtual:gw", hall.owner)
    hall.world.run(until_s=20.0)
    assert hall.owner.messages[-1] == UP


@pytest.mark.parametrize("address", ["serial:/dev/ttyUSB0", "tcp:127.0.0.1:4001", "gw"])
def test_address_of_a_real_port_is_refused(address: str, hall: Hall) -> None:
    with pytest.raises(ConfigError, match="virtual:NAME"):
        hall.links.open_link(address, hall.owner)


def test_one_seed_gives_one_run() -> None:
    def run(seed: int) -> list[tuple[float, object]]:
        hall = Hall(seed)
        link = hall.links.open_link("virtual:gw", hall.owner)
        for second in range(1, 40, 4):
            hall.at(second, lambda: link.write(b"frame"))
            hall.at(second + 0.002, lambda: hall.links.unplug("gw"))
            hall.at(second + 2, lambda: hall.links.plug("gw"))
        return hall.owner.told

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_sim_links_are_a_link_opener(hall: Hall) -> None:
    opener: LinkOpener = hall.links
    assert opener
