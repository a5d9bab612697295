"""The paper ticket, from top to bottom: hall, number, service, people ahead, time, QR code, advice."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from protocol.hall import HallSpec, name_in
from protocol.ids import Language, ServiceId, TicketId
from protocol.printing.paper import COLUMNS_80MM, SIZE_MAX, Paper
from protocol.printing.texts import texts_in
from protocol.values import value


@value
class TicketFacts:
    """What a ticket's paper tells. Times are aware.

    ``ahead`` is unknown (not printed) for a ticket that waits no more. A paper printed again says when, as
    ``ahead`` was counted then.
    """

    ticket: TicketId
    number: str
    service: ServiceId
    ahead: int | None
    taken_at: datetime
    reprinted_at: datetime | None = None
    late: bool = False
    """It will probably not be served before closing."""


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def render_ticket(
    facts: TicketFacts,
    spec: HallSpec,
    language: Language,
    scan_url: str,
    columns: int = COLUMNS_80MM,
) -> bytes:
    """Return what a printer with ``columns`` columns is sent to print the ticket.

    Names and texts are in ``language`` where they exist in it; times are those of the hall's zone. A service
    that the hall has no more, since the ticket was taken, is called by its id.

    Raises:
        ProtocolError: ``scan_url`` is too long for a QR code (`paper.QR_TEXT_MAX`).
    """
    texts = texts_in(language)
    zone = _zone(spec.time_zone)
    paper = Paper(columns)
    paper.line(name_in(spec.names, language), size=2)
    paper.space(8)
    paper.rule()
    paper.space(12)
    paper.line(texts.number)
    paper.space(16)
    paper.line(facts.number, size=SIZE_MAX, bold=True)
    paper.space(12)
    service = spec.services.get(facts.service)
    paper.line(
        facts.service if service is None else name_in(service.names, language), size=2, lines=2
    )
    if facts.ahead is not None:
        paper.space(20)
        paper.line(texts.ahead(facts.ahead), size=2)
    if facts.late:
        paper.line(texts.late, bold=True)
    paper.space(24)
    paper.line(texts.taken.format(texts.moment(facts.taken_at.astimezone(zone))))
    if facts.reprinted_at is not None:
        reprinted = texts.moment(facts.reprinted_at.astimezone(zone))
        paper.line(texts.reprinted.format(reprinted), bold=True)
    # Phones want four squares of white around the code.
    paper.space(32)
    paper.qr(scan_url)
    paper.space(32)
    paper.line(texts.scan)
    paper.space(8)
    paper.rule()
    paper.line(texts.advice)
    paper.line(facts.ticket)
    return paper.cut()
