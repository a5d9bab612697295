"""How a hall goes on, as everybody may know it: what its large screen shows as well. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from actors.hall.state import HallState
from protocol.hall import HallSpec, Names
from protocol.ids import CounterId, HallId, ServiceId
from protocol.values import value
from runtime.http.bodies import field
from runtime.wechat.numbers import Number, gives, read_number

__all__ = ["Board", "CalledNumber", "NumberProgress", "Progress", "ServiceProgress", "board_of"]


@value
class CalledNumber:
    """A number that a counter has."""

    number: str
    counter: Names


@value
class ServiceProgress:
    """How one service goes on."""

    id: ServiceId
    names: Names
    waiting: int
    now: tuple[CalledNumber, ...] = field(about="What the counters have of it.")


@value
class NumberProgress:
    """What everybody may know of a number: nothing of whether a ticket has it that is not called."""

    service: ServiceId
    called_to: Names | None = field(about="The counter that has it.")


@value
class Progress:
    """How a hall goes on."""

    id: HallId
    names: Names
    services: tuple[ServiceProgress, ...]
    number: NumberProgress | None = field(
        about="Of the number that was asked for; null if none was, or no service gives it."
    )


@value
class Board:
    """What is looked up of a hall, without its state. ``called`` is what counters have."""

    spec: HallSpec
    progress: Progress
    called: Mapping[Number, Names]

    def of_number(self, typed: str) -> NumberProgress | None:
        """Return how far it is with the number that somebody ``typed``, if a service gives it."""
        number = read_number(typed)
        if number is None:
            return None
        services = self.spec.services.values()
        service = next((each for each in services if gives(each, number)), None)
        if service is None:
            return None
        return NumberProgress(service=service.id, called_to=self.called.get(number))


def board_of(state: HallState) -> Board:
    """Return how the hall goes on."""
    spec = state.spec
    now: dict[ServiceId, list[CalledNumber]] = {}
    called: dict[Number, Names] = {}
    for id in spec.counters:
        has = state.post(id).ticket
        if has is None:
            continue
        ticket, counter = state.tickets[has], _names_of(spec, id)
        now.setdefault(ticket.service, []).append(
            CalledNumber(number=ticket.number, counter=counter)
        )
        number = read_number(ticket.number)
        if number is not None:
            called[number] = counter
    services = tuple(
        ServiceProgress(
            id=service.id,
            names=service.names,
            waiting=state.waiting(service.id),
            now=tuple(now.get(service.id, ())),
        )
        for service in spec.services.values()
    )
    progress = Progress(id=spec.id, names=spec.names, services=services, number=None)
    return Board(spec=spec, progress=progress, called=called)


def _names_of(spec: HallSpec, counter: CounterId) -> Names:
    return spec.counters[counter].names
