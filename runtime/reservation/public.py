"""What everybody may ask: which halls there are, what one offers, how it goes on.

Each answer is kept for a second.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

from protocol.ids import DistrictId, HallId
from protocol.values import replace, value
from runtime.config.model import District
from runtime.http.all_halls import States
from runtime.http.calls import Call
from runtime.http.kept import Kept, Made, made_of
from runtime.http.problems import refuse
from runtime.http.request import Response
from runtime.http.routing import Route
from runtime.reservation.directory_views import Directory, directory, listed_hall
from runtime.reservation.offer_views import Offer, offer_of
from runtime.reservation.progress_views import Board, Progress, board_of

__all__ = ["Public"]

TYPED_OCTETS_MAX: Final = 100
"""A number that somebody types is shorter."""


@value
class _Shown:
    """A board, and its answer where no number is asked for."""

    board: Board
    made: Made


class Public:
    """The handlers. ``districts`` are those of the configuration."""

    def __init__(
        self,
        districts: Mapping[DistrictId, District],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._districts = districts
        self._directory: Kept[Made] = Kept(monotonic)
        self._offers: defaultdict[HallId, Kept[Made]] = defaultdict(lambda: Kept(monotonic))
        self._boards: defaultdict[HallId, Kept[_Shown]] = defaultdict(lambda: Kept(monotonic))

    def routes(self) -> tuple[Route, ...]:
        """Return the three routes."""
        hall = "/api/v1/halls/{hall}"
        return (
            Route(
                method="GET",
                pattern="/api/v1/directory",
                handler=self.directory,
                summary="List the halls by district, with their waits, as phones choose among them",
                answers={200: Directory},
            ),
            Route(
                method="GET",
                pattern=f"{hall}/offer",
                handler=self.offer,
                summary="Read what a hall offers to phones: its menu and its services",
                answers={200: Offer},
            ),
            Route(
                method="GET",
                pattern=f"{hall}/progress",
                handler=self.progress,
                summary="Read how a hall goes on: what is called where, how many wait",
                answers={200: Progress},
                problems=("malformed-request",),
                query={"number": "A number to look up, such as A010."},
            ),
        )

    def directory(self, call: Call) -> Response | None:
        """List the halls."""
        fresh = self._directory.fresh()
        if fresh is not None:
            return fresh.response(call.request)
        desks = call.all_halls.desks

        def listed(states: States) -> Response:
            def make() -> Made:
                halls = (listed_hall(state, desks[id].now()) for id, state in states.items())
                away = (id for id in desks if id not in states)
                return made_of(directory(self._districts, halls, away))

            return self._directory.made(make).response(call.request)

        call.read_all(listed)
        return None

    def offer(self, call: Call) -> Response | None:
        """Say what a hall offers."""
        desk = call.hall
        kept = self._offers[desk.spec.id]
        fresh = kept.fresh()
        if fresh is not None:
            return fresh.response(call.request)
        call.read(
            lambda state: kept.made(lambda: made_of(offer_of(state, desk.now()))).response(
                call.request
            )
        )
        return None

    def progress(self, call: Call) -> Response | None:
        """Say how a hall goes on, and with a number, if one is given."""
        given = call.request.query_values(b"number")[-1:] if call.request.query else []
        if given and len(given[0]) > TYPED_OCTETS_MAX:
            raise refuse("malformed-request", "a number has fewer characters")
        typed = given[0].decode("utf-8", "replace") if given else None
        kept = self._boards[call.hall.spec.id]
        fresh = kept.fresh()
        if fresh is not None:
            return _progress(call, fresh, typed)

        def read(board: Board) -> _Shown:
            return _Shown(board=board, made=made_of(board.progress))

        call.read(lambda state: _progress(call, kept.made(lambda: read(board_of(state))), typed))
        return None


def _progress(call: Call, shown: _Shown, typed: str | None) -> Response:
    number = None if typed is None else shown.board.of_number(typed)
    if number is None:
        return shown.made.response(call.request)
    return made_of(replace(shown.board.progress, number=number)).response(call.request)
