"""Phones that follow tickets, over the API."""

from __future__ import annotations

from typing import Any

from protocol.ids import CommandId, FollowerId
from protocol.messages import Submit
from protocol.push_commands import FollowTicket
from tests.runtime.http.rig import TICKETS, Served


def follow(hall: Served, ticket: Any, name: str) -> None:
    command = FollowTicket(
        id=CommandId(f"follow/{name}"), ticket=ticket["id"], follower=FollowerId(name)
    )
    hall.call(hall.hall.tell, Submit(command=command))


def followed(hall: Served, ticket: Any) -> bool:
    seen: bool = hall.ask("GET", f"{TICKETS}/{ticket['id']}").json["followed"]
    return seen


def test_ticket_says_whether_a_phone_follows_it_and_not_whose(hall: Served) -> None:
    ticket = hall.take()
    assert not followed(hall, ticket)
    follow(hall, ticket, "zhang")
    assert followed(hall, ticket)
    assert b"zhang" not in hall.ask("GET", f"{TICKETS}/{ticket['id']}").body


def test_staff_let_a_ticket_go_so_that_another_phone_may_follow(hall: Served) -> None:
    ticket = hall.take()
    follow(hall, ticket, "zhang")
    path = f"{TICKETS}/{ticket['id']}/unfollow"
    assert hall.ask("POST", path, token="display").status == 403
    assert hall.ask("POST", path, token="counter").json == {
        "ticket": {"id": ticket["id"], "followed": False}
    }
    assert not followed(hall, ticket)
    follow(hall, ticket, "zhao")
    assert followed(hall, ticket)


def test_letting_go_of_what_there_is_not_is_a_problem(hall: Served) -> None:
    answer = hall.ask("POST", f"{TICKETS}/20261123-A999/unfollow")
    assert (answer.status, answer.problem) == (404, "unknown-ticket")
