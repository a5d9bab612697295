"""The table of all routes: what there is, who may use it, what it takes and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.config.model import Role
from runtime.http import api, evaluation, followers, steps, streaming, waiting
from runtime.http.choice_views import Why
from runtime.http.pages import Pages
from runtime.http.routing import Route
from runtime.http.ticket_views import IssuedTicket, TicketView
from runtime.http.views import (
    AlarmList,
    CounterStep,
    HallList,
    HallView,
    NextTicket,
    Nothing,
    PauseBody,
    Reprint,
    ReprintBody,
    TakeTicketBody,
    TicketStep,
)
from runtime.http.watching import Health, Watching

Handler = Callable[[Any], Any]

MANAGERS: frozenset[Role] = frozenset({Role.MANAGER})
STAFF = frozenset({Role.COUNTER})
KIOSKS = frozenset({Role.KIOSK})
TAKERS = frozenset({Role.KIOSK, Role.COUNTER})
DISPLAYS = frozenset({Role.DISPLAY})
TABLETS = frozenset({Role.COUNTER, Role.EVALUATOR})
VIEWERS = frozenset({Role.KIOSK, Role.COUNTER, Role.DISPLAY, Role.EVALUATOR})

_HALL = "/api/v1/halls/{hall}"
_TICKET = f"{_HALL}/tickets/{{ticket}}"
_COUNTER = f"{_HALL}/counters/{{counter}}"

_STEP = ("unknown-ticket", "ticket-state", "no-ticket-at-counter")
_EVALUATING = ("not-served", "evaluated", "evaluation-closed", "bad-value")


def tickets() -> tuple[Route, ...]:
    """Return the routes of tickets."""

    def step(
        name: str, handler: Handler, summary: str, *problems: str, body: type = Nothing
    ) -> Route:
        return Route(
            method="POST",
            pattern=f"{_TICKET}/{name}",
            handler=handler,
            summary=summary,
            roles=STAFF,
            body=body,
            answers={200: TicketStep},
            problems=(*_STEP, *problems),
            changes=True,
        )

    return (
        Route(
            method="POST",
            pattern=f"{_HALL}/tickets",
            handler=api.take_ticket,
            summary="Take a ticket",
            roles=TAKERS,
            body=TakeTicketBody,
            answers={201: IssuedTicket},
            problems=(
                "unknown-service",
                "unknown-kiosk",
                "unknown-language",
                "identity-invalid",
                "identity-needed",
                "bad-value",
                "closed",
                "too-late",
                "quota",
                "person-limit",
                "numbers-exhausted",
            ),
            changes=True,
        ),
        Route(
            method="GET",
            pattern=_TICKET,
            handler=api.read_ticket,
            summary="Read a ticket; anybody with its id may, as its paper is public, too",
            answers={200: TicketView},
            problems=("unknown-ticket",),
            query={
                "c": "The code of the ticket's paper: what the address of its page then holds as well."
            },
        ),
        Route(
            method="GET",
            pattern=f"{_TICKET}/events",
            handler=streaming.stream_ticket,
            summary="Stream how far it is with a ticket: `ticket` says its state, how many are ahead, its "
            "counter and recalls, at once and whenever one of them changes; `gone` that its day is over",
            answers={200: "text/event-stream"},
            problems=("unknown-ticket", "too-many-streams"),
        ),
        Route(
            method="GET",
            pattern=f"{_TICKET}/why",
            handler=api.read_why,
            summary="Say why a ticket was called the last time: the rule, the candidates, whom it overtook",
            roles=STAFF,
            answers={200: Why},
            problems=("unknown-ticket", "ticket-state"),
        ),
        step("start", api.start_service, "The customer has come: begin the service"),
        step("finish", api.finish_service, "End the service"),
        step(
            "recall",
            api.recall_ticket,
            "Announce the call once more",
            "recall-too-soon",
            "recall-too-often",
        ),
        step("no-show", api.mark_no_show, "Nobody came"),
        step("cancel", api.cancel_ticket, "The customer gives the ticket up"),
        *_further_steps(step),
        Route(
            method="POST",
            pattern=f"{_TICKET}/evaluate",
            handler=evaluation.evaluate_ticket,
            summary="Evaluate a service that was finished; whoever has the ticket's code may, once for each",
            body=evaluation.EvaluateBody,
            answers={200: evaluation.Evaluation},
            problems=("unknown-ticket", "code-wrong", *_EVALUATING),
            changes=True,
        ),
        Route(
            method="POST",
            pattern=f"{_TICKET}/reprint",
            handler=api.reprint_ticket,
            summary="Print a ticket's paper again",
            roles=TAKERS,
            body=ReprintBody,
            answers={202: Reprint},
            problems=("unknown-ticket", "unknown-kiosk", "ticket-state", "no-printer"),
            changes=True,
        ),
        Route(
            method="POST",
            pattern=f"{_TICKET}/unfollow",
            handler=followers.unfollow_ticket,
            summary="Let a ticket go that a phone follows, so that another phone may",
            roles=STAFF,
            answers={200: followers.Unfollowed},
            problems=("unknown-ticket",),
            changes=True,
        ),
    )


def _further_steps(step: Callable[..., Route]) -> tuple[Route, ...]:
    reached = ("wrong-counter",)
    return (
        step("hold", steps.hold_ticket, "Set aside", *reached, body=steps.HoldBody),
        step("resume", steps.resume_ticket, "Let a held ticket wait at its old place", *reached),
        step(
            "requeue",
            steps.requeue_ticket,
            "Put back into its queue",
            *reached,
            "bad-value",
            body=steps.PlaceBody,
        ),
        step(
            "transfer",
            steps.transfer_ticket,
            "Let it wait for another service, or for one counter, under the same number",
            *reached,
            "unknown-service",
            "unknown-counter",
            "no-counter",
            "bad-value",
            body=steps.TransferBody,
        ),
        step(
            "reactivate",
            steps.reactivate_ticket,
            "Let a ticket that ended as no-show or cancelled wait again",
            *reached,
            "bad-value",
            body=steps.PlaceBody,
        ),
    )


def counters() -> tuple[Route, ...]:
    """Return the routes of counters."""

    def step(
        name: str,
        handler: Handler,
        summary: str,
        *,
        body: type = Nothing,
        answer: type = CounterStep,
        roles: frozenset[Role] = STAFF,
        problems: tuple[str, ...] = ("ticket-state",),
    ) -> Route:
        return Route(
            method="POST",
            pattern=f"{_COUNTER}/{name}",
            handler=handler,
            summary=summary,
            roles=roles,
            body=body,
            answers={200: answer},
            problems=("unknown-counter", *problems),
            changes=True,
        )

    return (
        step(
            "next",
            api.call_next,
            "End what the counter has and call the next ticket",
            answer=NextTicket,
        ),
        step(
            "call",
            api.call_given,
            "End what the counter has and call a given ticket, whatever its turn",
            body=steps.CallBody,
            answer=NextTicket,
            problems=("unknown-ticket", "ticket-state", "wrong-counter"),
        ),
        step(
            "open",
            api.open_counter,
            "Take customers",
            body=steps.OpenBody,
            problems=("unknown-staff",),
        ),
        step("pause", api.pause_counter, "Take nobody for a while", body=PauseBody),
        step("close", api.close_counter, "Take nobody any more"),
        step(
            "invite",
            evaluation.invite,
            "Ask whom the counter served last to evaluate",
            answer=evaluation.Invitation,
            problems=("not-served", "evaluated", "evaluation-closed"),
        ),
        step(
            "evaluate",
            evaluation.evaluate_counter,
            "Evaluate on the counter's tablet what the counter did",
            body=evaluation.TabletBody,
            answer=evaluation.Evaluation,
            roles=TABLETS,
            problems=("unknown-ticket", *_EVALUATING),
        ),
        Route(
            method="GET",
            pattern=f"{_COUNTER}/queue",
            handler=waiting.read_queue,
            summary="List whom a counter may call or bring back, with what was noted of them",
            roles=STAFF,
            answers={200: waiting.CounterQueue},
            problems=("unknown-counter",),
        ),
    )


def halls(list_halls: Handler) -> tuple[Route, ...]:
    """Return the routes of halls."""
    return (
        Route(
            method="GET",
            pattern="/api/v1/halls",
            handler=list_halls,
            summary="List the halls",
            answers={200: HallList},
        ),
        Route(
            method="GET",
            pattern=_HALL,
            handler=api.read_hall,
            summary="Read a hall: services, counters, who waits and who is served",
            roles=VIEWERS,
            answers={200: HallView},
        ),
        Route(
            method="GET",
            pattern=f"{_HALL}/events",
            handler=streaming.stream_events,
            summary="Stream a hall's events: `record` is durable, numbered and never left out; `reset` says "
            "to read the hall anew; `display`, `announcement`, `alarms`, `kiosk` say what is shown just now",
            roles=VIEWERS,
            answers={200: "text/event-stream"},
            problems=("too-many-streams", "malformed-request"),
            resumes=True,
        ),
        Route(
            method="GET",
            pattern=f"{_HALL}/alarms",
            handler=api.read_alarms,
            summary="List what needs a person",
            roles=MANAGERS,
            answers={200: AlarmList},
        ),
    )


def watching(watch: Watching, describe: Handler) -> tuple[Route, ...]:
    """Return the routes that administrators and programs use."""
    return (
        Route(
            method="GET",
            pattern="/healthz",
            handler=watch.health,
            summary="Say whether everything works",
            answers={200: Health, 503: Health},
        ),
        Route(
            method="GET",
            pattern="/metrics",
            handler=watch.metrics,
            summary="Measurements for Prometheus",
            roles=MANAGERS,
            answers={200: "text/plain"},
        ),
        Route(
            method="GET",
            pattern="/api/v1/openapi.json",
            handler=describe,
            summary="This document",
            answers={200: "application/json"},
        ),
    )


def pages(site: Pages) -> tuple[Route, ...]:
    """Return the routes of the pages."""

    def page(
        pattern: str, handler: Handler, summary: str, roles: frozenset[Role] = frozenset()
    ) -> Route:
        return Route(
            method="GET",
            pattern=pattern,
            handler=handler,
            summary=summary,
            roles=roles,
            page=True,
            listed=False,
        )

    return (
        page("/", site.home, "The halls and their pages"),
        page("/halls/{hall}/kiosk/{kiosk}", site.kiosk, "A kiosk's screen", KIOSKS),
        page("/halls/{hall}/counter/{counter}", site.counter, "A counter's screen", STAFF),
        page(
            "/halls/{hall}/counter/{counter}/evaluate",
            site.tablet,
            "A counter's tablet for evaluations",
            TABLETS,
        ),
        page("/halls/{hall}/reception", site.reception, "Numbers for customers", STAFF),
        page("/halls/{hall}/display", site.display, "The hall's large screen", DISPLAYS),
        page("/t/{hall}/{ticket}", site.ticket, "A customer's ticket"),
        page("/t/{hall}/{ticket}/qr.svg", site.ticket_code, "A ticket's QR code"),
        page("/problems", site.problem_kinds, "Every kind of problem"),
        page("/problems/{kind}", site.problem_kind, "A kind of problem"),
        page("/static/{version}/{file}", site.static_file, "Scripts, styles and icons"),
        page("/favicon.ico", site.icon, "The icon"),
    )
