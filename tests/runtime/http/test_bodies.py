"""Bodies that say the same again."""

import pytest

from protocol.ids import ServiceId
from runtime.http import bodies
from runtime.http.bodies import read_body
from runtime.http.problems import RequestRefused
from runtime.http.views import ReprintBody, TakeTicketBody


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_kept", {})


def test_body_that_says_the_same_again_is_read_once() -> None:
    first = read_body(b'{"service":"tax"}', TakeTicketBody)
    assert first.service == ServiceId("tax")
    assert read_body(b'{"service":"tax"}', TakeTicketBody) is first
    assert read_body(b'{"service":"id"}', TakeTicketBody).service == ServiceId("id")


def test_same_octets_are_another_body_elsewhere() -> None:
    assert isinstance(read_body(b'{"kiosk":"k1"}', ReprintBody), ReprintBody)
    with pytest.raises(RequestRefused):
        read_body(b'{"kiosk":"k1"}', TakeTicketBody)


@pytest.mark.parametrize("field", ["phone", "document", "openid"])
def test_who_a_customer_is_is_not_kept(field: str) -> None:
    read_body(b'{"service":"tax","%s":"x"}' % field.encode(), TakeTicketBody)
    assert not bodies._kept


def test_long_bodies_are_not_kept() -> None:
    read_body(b'{"service":"tax"}' + b" " * bodies.KEPT_OCTETS_MAX, TakeTicketBody)
    assert not bodies._kept


def test_kept_bodies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "KEPT_MAX", 3)
    for number in range(10):
        read_body(b'{"service":"s%d"}' % number, TakeTicketBody)
        assert len(bodies._kept) <= 3
