"""Every bound of the web server, and what happens at it."""

from protocol.values import value


@value
class Limits:
    """Bounds of the web server. Times are seconds, sizes are octets."""

    target_octets_max: int = 2_048
    """A longer path with query is refused with 414."""
    head_octets_max: int = 16_384
    """A longer request line with headers is refused with 431."""
    headers_max: int = 64
    """More header lines than that are refused with 431."""
    body_octets_max: int = 65_536
    """A longer body is refused with 413 as soon as its length is known."""
    request_s: float = 15.0
    """From a request's first octet to its last; a slower client is refused with 408."""
    idle_s: float = 75.0
    """A connection that asks nothing for so long is closed."""
    closing_s: float = 5.0
    """A connection that we ended and whose client does not take the rest is cut after that."""
    connections_max: int = 8_000
    """Connections at once; one more is told 503 and closed."""
    connections_each_max: int = 1_500
    """Connections of one address at once; one more is told 503 and closed. Phones in one hall's network share
    it; a reverse proxy that the configuration names has no such bound."""
    answer_s: float = 10.0
    """A hall that does not answer within that is reported with 503; the request may be repeated."""
    answers_max: int = 10_000
    """Requests that may await a hall; one more is told 503."""
    streams_max: int = 300
    """Streams of all events of one hall at once, which its own devices have open; one more is told 503."""
    streams_each_max: int = 100
    """Event streams of one address at once; one more is told 503."""
    ticket_streams_max: int = 6_000
    """Streams of tickets of one hall, which customers' phones have open, beside those; one more is told 503."""
    ticket_streams_each_max: int = 1_200
    """Those of one address; one more is told 503, and its page asks now and then."""
    replay_events_max: int = 10_000
    """A stream that resumes further back is told to begin anew (`reset`)."""
    heartbeat_s: float = 15.0
    """A heartbeat is sent on each stream so often, so that proxies and pages know that it lives."""
    stall_s: float = 30.0
    """A stream whose client takes nothing for so long is cut; the client resumes where it was."""
    token_requests_per_s: float = 200.0
    token_requests_burst: int = 400
    """What one token may ask for; beyond it 429."""
    address_requests_per_s: float = 50.0
    address_requests_burst: int = 200
    """What one address may ask for without a token; beyond it 429. Phones in one hall's network share it."""
    buckets_max: int = 10_000
    """Tokens and addresses whose rate is remembered; the one unused for longest is forgotten."""
    fingerprints_max: int = 20_000
    """Bodies remembered by Idempotency-Key, to tell a repeat from a misuse; the oldest is forgotten."""


__all__ = ["Limits"]
