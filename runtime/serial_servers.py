"""Serial ports of other machines, reached over TCP: ser2net in raw mode and its like."""

import socket
from typing import Any

from twisted.internet import defer
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import (
    ConnectionDone,
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.internet.protocol import Factory, Protocol

from protocol.ports import TcpAddress

CONNECT_TIMEOUT_S = 5.0

# A server that loses its power or its network says nothing. It is asked after 10 idle seconds and
# given up after three answers failed to come: about 25 seconds. Octets that it does not confirm get
# as long, since it is not asked while there are any.
KEEPALIVE_IDLE_S = 10
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_PROBES = 3
UNCONFIRMED_MAX_MS = 25_000

_OPTIONS = (
    ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
    ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_S),
    ("TCP_KEEPCNT", KEEPALIVE_PROBES),
    ("TCP_USER_TIMEOUT", UNCONFIRMED_MAX_MS),
)


class ConnectedToItself(Exception):
    """A connection's two ends are one socket."""


class TcpLine:
    """The way to a serial server: how it is opened, and what to say when it is not there."""

    def __init__(self, reactor: Any, address: TcpAddress) -> None:
        self._where = str(address).removeprefix("tcp:")
        self._host = address.host
        self._endpoint = HostnameEndpoint(
            reactor, address.host, address.port, timeout=CONNECT_TIMEOUT_S
        )

    def open(self, protocol: Protocol) -> defer.Deferred[None]:
        """Connect ``protocol`` to the server. Cancelling gives up."""
        factory: Any = Factory.forProtocol(lambda: protocol)
        return self._endpoint.connect(factory).addCallback(_set_up)

    def explain_refusal(self, error: BaseException) -> str:
        """Say why the server cannot be reached, and what to do."""
        where = self._where
        match error:
            case DNSLookupError():
                return (
                    f"no machine named {self._host} is known: correct the name in the "
                    "configuration, or write the address"
                )
            case ConnectionRefusedError() | ConnectedToItself():
                return (
                    f"{where} refuses connections: start the serial server there, "
                    "or correct the port in the configuration"
                )
            case TimeoutError() | TCPTimedOutError():
                return f"{where} does not answer: see that it is switched on and its network works"
            case NoRouteError():
                return f"{where} cannot be reached: check this machine's network and its routes"
            case _:
                return f"{where} cannot be reached ({error}): check the server and its network"

    def explain_loss(self, error: BaseException) -> str:
        """Say how the connection was lost, and what to do."""
        if isinstance(error, ConnectionDone):
            return (
                f"{self._where} closed the connection: see whether the device is plugged in "
                "there, and whether somebody else is connected to it"
            )
        return f"the connection to {self._where} broke off: check the server and its network"


def _set_up(protocol: Any) -> None:
    """Prepare a new connection: small frames at once, and the other side's death noticed."""
    transport = protocol.transport
    if transport.getHost() == transport.getPeer():
        # A connection to a free local port now and then meets itself, and would keep the server
        # from ever listening there.
        transport.abortConnection()
        raise ConnectedToItself
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    for name, setting in _OPTIONS:
        option = getattr(socket, name, None)  # Not every system has all of them.
        if option is not None:
            transport.getHandle().setsockopt(socket.IPPROTO_TCP, option, setting)
