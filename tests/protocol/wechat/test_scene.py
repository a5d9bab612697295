"""Scenes of tickets: there and back, and nothing that was changed, made up or is over."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ConfigError, ProtocolError, SceneError, SceneExpired, SceneForged
from protocol.ids import HallId, TicketId
from protocol.wechat.scene import SCENE_CHARACTERS_MAX, read_scene, scene_of

KEY = bytes(range(32))
HALL = HallId("HZ01")
TICKET = TicketId("20261123-A010")
UNTIL = 1795550400
SCENE = scene_of(KEY, HALL, TICKET, UNTIL)

halls = st.from_regex(r"[0-9A-Za-z_-]{1,32}", fullmatch=True).map(HallId)
tickets = st.builds(
    lambda day, number: TicketId(f"{day:%Y%m%d}-{number}"),
    st.dates(date(2000, 1, 1), date(2179, 6, 6)),
    st.from_regex(r"[0-9A-Za-z]{1,8}", fullmatch=True),
)
untils = st.integers(1, 2**32 - 1)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_."


@given(hall=halls, ticket=tickets, until=untils)
def test_scene_leads_back_to_its_ticket(hall: HallId, ticket: TicketId, until: int) -> None:
    scene = scene_of(KEY, hall, ticket, until)
    assert 1 <= len(scene) <= SCENE_CHARACTERS_MAX <= 64
    assert set(scene) <= set(ALPHABET)
    assert read_scene(KEY, scene, until - 1) == (hall, ticket)


def test_longest_ids_that_a_hall_may_have_fit() -> None:
    scene = scene_of(KEY, HallId("h" * 32), TicketId("20261123-ABC12345"), UNTIL)
    assert len(scene) == SCENE_CHARACTERS_MAX == 63


@given(hall=halls, ticket=tickets, at=st.integers(0), character=st.sampled_from(ALPHABET))
def test_every_changed_character_is_refused(
    hall: HallId, ticket: TicketId, at: int, character: str
) -> None:
    scene = scene_of(KEY, hall, ticket, UNTIL)
    at %= len(scene)
    changed = scene[:at] + character + scene[at + 1 :]
    if changed != scene:
        with pytest.raises(SceneError) as refused:
            read_scene(KEY, changed, 0)
        assert refused.type is not SceneExpired


def test_each_change_of_each_character_is_refused() -> None:
    for at in range(len(SCENE)):
        for character in [*ALPHABET, "é", "\n", "=", "+", " "]:
            changed = SCENE[:at] + character + SCENE[at + 1 :]
            if changed != SCENE:
                with pytest.raises(SceneError):
                    read_scene(KEY, changed, 0)


@given(extra=st.text(ALPHABET, min_size=1, max_size=4), at=st.integers(0, len(SCENE)))
def test_character_added_or_taken_away_is_refused(extra: str, at: int) -> None:
    for changed in (SCENE[:at] + extra + SCENE[at:], SCENE[:at] + SCENE[at + 1 :]):
        if changed != SCENE:
            with pytest.raises(SceneError):
                read_scene(KEY, changed, 0)


def test_characters_moved_between_hall_and_number_are_refused() -> None:
    head = scene_of(KEY, HallId("HZ0"), TicketId("20261123-1A"), UNTIL)[:22]
    for ids in ("HZ.01A", "HZ01.A", "HZ0.1a"):
        with pytest.raises(SceneForged):
            read_scene(KEY, head + ids, 0)


def test_scene_made_with_another_key_is_forged() -> None:
    with pytest.raises(SceneForged):
        read_scene(KEY[::-1], SCENE, 0)


def test_scene_ends_at_its_time() -> None:
    assert read_scene(KEY, SCENE, UNTIL - 0.001) == (HALL, TICKET)
    for now_s in (UNTIL, UNTIL + 86_400):
        with pytest.raises(SceneExpired):
            read_scene(KEY, SCENE, now_s)


def test_forged_scene_that_has_ended_is_forged() -> None:
    with pytest.raises(SceneForged):
        read_scene(KEY, SCENE[:-1] + "1", UNTIL)


def test_two_tickets_share_nothing_that_could_be_guessed() -> None:
    other = scene_of(KEY, HALL, TicketId("20261123-A011"), UNTIL)
    assert other[9:22] != SCENE[9:22]
    assert scene_of(KEY, HALL, TICKET, UNTIL + 1)[9:22] != SCENE[9:22]


@given(scene=st.one_of(st.text(max_size=70), st.text(ALPHABET, min_size=25, max_size=64)))
def test_any_text_is_refused_with_the_projects_error(scene: str) -> None:
    with pytest.raises(SceneError) as refused:
        read_scene(KEY, scene, 0)
    assert isinstance(refused.value, ProtocolError)


@pytest.mark.parametrize("scene", ["", "1", "a" * 64, "last_trade_no_1", SCENE + "\n", " " + SCENE])
def test_scene_of_something_else_is_malformed_and_not_forged(scene: str) -> None:
    with pytest.raises(SceneError) as refused:
        read_scene(KEY, scene, 0)
    assert refused.type is SceneError


@pytest.mark.parametrize("key", [b"", bytes(15), bytes(65)])
def test_key_that_is_too_short_or_too_long_is_refused(key: bytes) -> None:
    with pytest.raises(ConfigError, match="16 to 64"):
        scene_of(key, HALL, TICKET, UNTIL)
    with pytest.raises(ConfigError, match="16 to 64"):
        read_scene(key, SCENE, 0)


@pytest.mark.parametrize(
    ("hall", "ticket", "until_s"),
    [
        ("", TICKET, UNTIL),
        ("h" * 33, TICKET, UNTIL),
        ("HZ.1", TICKET, UNTIL),
        ("杭州", TICKET, UNTIL),
        (HALL, "A010", UNTIL),
        (HALL, "20261123-", UNTIL),
        (HALL, "20261123-ABC123456", UNTIL),
        (HALL, "20261399-A010", UNTIL),
        (HALL, "19991231-A010", UNTIL),
        (HALL, "21990101-A010", UNTIL),
        (HALL, "20261123-A.1", UNTIL),
        (HALL, TICKET, -1),
        (HALL, TICKET, 2**32),
    ],
)
def test_ids_and_times_that_do_not_fit_are_refused(hall: str, ticket: str, until_s: float) -> None:
    with pytest.raises(ValueError, match="no scene can"):
        scene_of(KEY, HallId(hall), TicketId(ticket), until_s)
