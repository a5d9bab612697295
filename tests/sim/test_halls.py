"""Halls made for simulation."""

import pytest

from protocol.ids import CounterId
from protocol.values import replace
from runtime.config.load import DEMO, load_config
from sim.halls import COUNTERS_MAX, theory_hall, with_counters


def test_theory_hall_has_one_service_that_every_counter_calls() -> None:
    spec = theory_hall(3)
    [service] = spec.services
    assert [counter.services for counter in spec.counters.values()] == [(service,)] * 3
    assert list(spec.counters) == ["1", "2", "3"]


def test_fewer_counters_are_the_first_ones_and_devices_are_gone() -> None:
    [demo] = load_config(DEMO).halls
    spec = with_counters(demo, 2)
    assert list(spec.counters) == list(demo.counters)[:2]
    assert (dict(spec.kiosks), dict(spec.gateways)) == ({}, {})
    assert demo.gateways


def test_added_counters_repeat_the_services_of_those_there() -> None:
    [demo] = load_config(DEMO).halls
    spec = with_counters(demo, 7)
    services = [counter.services for counter in demo.counters.values()]
    assert [counter.services for counter in spec.counters.values()] == [
        services[number % len(services)] for number in range(7)
    ]
    assert len({counter.id for counter in spec.counters.values()}) == 7


def test_added_counters_keep_out_of_the_way_of_names_in_use() -> None:
    spec = theory_hall(2)
    three = replace(spec.counters[CounterId("1")], id=CounterId("3"))
    spec = with_counters(replace(spec, counters={three.id: three}), 3)
    assert list(spec.counters) == ["3", "1", "2"]


@pytest.mark.parametrize("counters", [0, COUNTERS_MAX + 1])
def test_impossible_number_of_counters_is_refused(counters: int) -> None:
    with pytest.raises(ValueError, match="it takes 1 to 1,000"):
        with_counters(theory_hall(1), counters)


def test_hall_without_counters_is_refused() -> None:
    with pytest.raises(ValueError, match="has no counter to go by"):
        with_counters(replace(theory_hall(1), counters={}), 1)
