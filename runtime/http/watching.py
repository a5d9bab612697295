"""What administrators and their programs ask: does it work, how much does it do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain

from actors.radio.gateway_read import GatewayRead, ReadGateway
from actors.world import ActorWatch
from protocol.ids import HallId
from protocol.values import value
from runtime.http.all_halls import ANSWER_S, States
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.desk import Desk
from runtime.http.encoding import to_json
from runtime.http.metrics import (
    CONTENT_TYPE,
    MoreMetrics,
    RequestCounts,
    actor_metrics,
    exposition,
    gauge,
    hall_metrics,
)
from runtime.http.ports import Troubles
from runtime.http.radio_metrics import radio_metrics
from runtime.http.replies import Replies
from runtime.http.request import Response

ASKED_MAX = 1_000
"""Gateways that may be asked at once, over all requests; beyond that one counts as silent."""

TROUBLES_MAX = 50
"""Troubles that are told at once."""


@value
class Health:
    """Whether everything works."""

    status: str = field(about="ok or failing.")
    troubles: tuple[str, ...] = field(about="What does not work and needs a person.")


class Watching:
    """The handlers of ``/healthz`` and ``/metrics``."""

    def __init__(
        self,
        desks: Mapping[HallId, Desk],
        *,
        troubles: Troubles,
        watch: Callable[[], Sequence[ActorWatch]],
        more: MoreMetrics,
        counts: RequestCounts,
        connections: Callable[[], int],
    ) -> None:
        self._desks = desks
        self._troubles = troubles
        self._watch = watch
        self._more = more
        self._counts = counts
        self._connections = connections
        self._replies = Replies(answers_max=ASKED_MAX, answer_s=ANSWER_S)

    def sweep(self, now_s: float) -> None:
        """End what is overdue."""
        self._replies.sweep(now_s)

    def health(self, call: Call) -> None:
        """Answer 200 if every hall answers and no trouble is known, or else 503 that names the troubles."""

        def respond(states: States) -> Response:
            silent = [f"hall {hall} does not answer" for hall in self._desks if hall not in states]
            failing = [
                f"hall {hall} could not make its last commands durable: is its disk full?"
                for hall, desk in self._desks.items()
                if desk.failing
            ]
            troubles = (*silent, *failing, *self._troubles())[:TROUBLES_MAX]
            health = Health(status="failing" if troubles else "ok", troubles=troubles)
            return Response(status=503 if troubles else 200, body=to_json(health))

        call.read_all(respond)

    def metrics(self, call: Call) -> None:
        """Answer with everything that is measured."""

        def respond(states: States, radio: Mapping[tuple[HallId, str], GatewayRead]) -> Response:
            streams = {str(hall): float(len(desk.hub)) for hall, desk in self._desks.items()}
            phones = {
                str(hall): float(len(desk.ticket_streams)) for hall, desk in self._desks.items()
            }
            metrics = chain(
                hall_metrics(states),
                radio_metrics(radio),
                actor_metrics(self._watch()),
                self._counts.metrics(),
                [gauge("paihao_http_streams", "Event streams open.", streams, "hall")],
                [gauge("paihao_http_ticket_streams", "Streams of tickets open.", phones, "hall")],
                [
                    gauge(
                        "paihao_http_connections",
                        "Connections open.",
                        {"tcp": float(self._connections())},
                        "transport",
                    )
                ],
                self._more(),
            )
            return Response(status=200, body=exposition(metrics), content_type=CONTENT_TYPE)

        def read_radio(states: States) -> None:
            self._read_gateways(lambda radio: call.guard(lambda: respond(states, radio)))

        call.read_all(read_radio)

    def _read_gateways(
        self, finish: Callable[[Mapping[tuple[HallId, str], GatewayRead]], None]
    ) -> None:
        """Read every gateway, and finish with those that answered in time."""
        reads: dict[tuple[HallId, str], GatewayRead] = {}
        asked = {
            (hall, str(id)): recipient
            for hall, desk in self._desks.items()
            for id, recipient in desk.port.gateways.items()
        }
        left = set(asked)

        def take(key: tuple[HallId, str], message: object | None) -> None:
            left.discard(key)
            if isinstance(message, GatewayRead):
                reads[key] = message
            if not left:
                finish(reads)

        if not asked:
            finish(reads)
        for key, recipient in asked.items():
            if self._replies.full:
                take(key, None)
            else:
                self._replies.ask(
                    recipient, lambda reply: ReadGateway(reply_to=reply), partial(take, key)
                )
