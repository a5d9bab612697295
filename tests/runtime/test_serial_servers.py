"""Links to serial servers: real TCP connections on loopback."""

import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol

from actors.ports import Link
from protocol.messages import LinkDown, LinkUp
from protocol.ports import WAITING_MAX

Open = Callable[[str, Any], Link]


class SerialServer:
    """Prints a banner to whoever connects, then sends back what it receives, as ser2net may."""

    BANNER = b"ser2net port 4001 device /dev/ttyS0\r\n"

    def __init__(self, on: Any, host: str = "127.0.0.1") -> None:
        self._on = on
        self._host = host
        self._connections: list[Any] = []
        self._factory: Any = Factory.forProtocol(self._connection)
        self.port = 0
        self.start()

    def _connection(self) -> Protocol:
        server = self

        class Connection(Protocol):
            transport: Any

            def connectionMade(self) -> None:
                server._connections.append(self.transport)
                self.transport.write(server.BANNER)

            def dataReceived(self, data: bytes) -> None:
                self.transport.write(data)

        return Connection()

    def start(self) -> None:
        reactor = self._on.reactor
        self._listening = self._on.call(
            reactor.listenTCP, self.port, self._factory, interface=self._host
        )
        self.port = self._listening.getHost().port

    def stop(self, *, abort: bool = False) -> None:
        self._on.call(self._listening.stopListening)
        for transport in self._connections:
            self._on.call(transport.abortConnection if abort else transport.loseConnection)
        self._connections.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_server_with_a_banner_is_reached_and_answers(
    host: str, on: Any, open_link: Open, recorder: Any
) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        if host == "[::1]" and probe.connect_ex(("::1", 9)) not in (111, 0):
            pytest.skip("this machine has no IPv6 loopback")
    server = SerialServer(on, "::1" if host == "[::1]" else "127.0.0.1")
    link = open_link(f"tcp:{host}:{server.port}", recorder)
    recorder.wait_for_count(LinkUp, 1)
    on.call(link.write, b"frame")
    recorder.wait_for(lambda: recorder.octets == server.BANNER + b"frame")
    server.stop()


@pytest.mark.parametrize(("abort", "said"), [(False, "closed the connection"), (True, "broke off")])
def test_server_that_restarts_is_reached_again(
    abort: bool, said: str, on: Any, open_link: Open, recorder: Any
) -> None:
    server = SerialServer(on)
    link = open_link(f"tcp:127.0.0.1:{server.port}", recorder)
    recorder.wait_for(lambda: recorder.octets == server.BANNER)
    server.stop(abort=abort)
    recorder.wait_for_count(LinkDown, 2)
    lost, refused = recorder.reasons
    assert said in lost
    assert "refuses connections: start the serial server there" in refused
    server.start()
    recorder.wait_for_count(LinkUp, 2)
    on.call(link.write, b"frame")
    recorder.wait_for(lambda: recorder.octets == server.BANNER * 2 + b"frame")
    assert len(recorder.of(LinkDown)) == 2
    server.stop()


def test_unknown_name_is_refused_with_what_to_do(open_link: Open, recorder: Any) -> None:
    open_link("tcp:no-such-host.invalid:4001", recorder)
    recorder.wait_for_count(LinkDown, 1)
    assert "no machine named no-such-host.invalid is known" in recorder.reasons[0]


def test_connection_has_no_delay_and_is_kept_alive(on: Any, open_link: Open, recorder: Any) -> None:
    server = SerialServer(on)
    link: Any = open_link(f"tcp:127.0.0.1:{server.port}", recorder)
    recorder.wait_for_count(LinkUp, 1)
    handle = link._session.transport.getHandle()
    for level, option, expected in (
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 25_000),
    ):
        assert bool(handle.getsockopt(level, option)) is bool(expected)
        assert expected == 1 or handle.getsockopt(level, option) == expected
    server.stop()


def test_server_that_reads_nothing_is_down_at_the_bound(
    on: Any, open_link: Open, recorder: Any
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        link = open_link(f"tcp:127.0.0.1:{server.getsockname()[1]}", recorder)
        recorder.wait_for_count(LinkUp, 1)
        for _ in range(400):
            on.call(link.write, bytes(WAITING_MAX // 2))
            if recorder.of(LinkDown):
                break
        assert "takes no octets" in recorder.reasons[0]


def test_connection_that_met_itself_is_refused_as_a_free_port(
    on: Any, open_link: Open, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SerialServer(on)
    # The kernel makes such connections now and then on its own ports, and not when asked to.
    monkeypatch.setattr("twisted.internet.tcp.Client.getPeer", lambda client: client.getHost())
    open_link(f"tcp:127.0.0.1:{server.port}", recorder)
    recorder.wait_for_count(LinkDown, 1)
    assert "refuses connections" in recorder.reasons[0]
    server.stop()
