"""What ``make bench`` asks over HTTP: a hall with its journal, and beside it a bare twisted.web resource.

    python -m tests.bench.http_server hall FOLDER
    python -m tests.bench.http_server wechat FOLDER     with an account at WeChat, which nobody reaches
    python -m tests.bench.http_server bare

Prints the port that it listens on.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CounterId, HallId, Language, ServiceId
from protocol.wechat.templates import Slot
from runtime.config.model import (
    Config,
    RateLimits,
    Role,
    Server,
    Token,
    WeChat,
    WeChatTemplate,
)
from runtime.interpreter import set_for_halls
from runtime.reactor import install_reactor

COUNTERS = 16
SECRET = "bench-bench-bench-bench"

PUSH = WeChatTemplate(template="bench", fields={"character_string1": Slot.NUMBER})
ACCOUNT = WeChat(
    app_id="wx0123456789abcdef",
    secret="a-secret-of-the-account",
    token="signing",
    aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    near=PUSH,
    call=PUSH,
    # Nobody listens there.
    api_url="http://127.0.0.1:9",
    oauth_url="http://127.0.0.1:9",
)


def spec() -> HallSpec:
    """Return a hall with one service of many numbers and a counter for each client."""
    service = ServiceId("s")
    names = {Language("en"): "bench"}
    counters = [CounterId(str(number)) for number in range(COUNTERS)]
    return HallSpec(
        id=HallId("B"),
        names=names,
        services={service: Service(id=service, names=names, prefix="A", last=10**9)},
        counters={id: Counter(id=id, names=names, services=(service,)) for id in counters},
        languages=(Language("en"),),
    )


def serve_hall(reactor: Any, folder: Path, wechat: WeChat | None = None) -> int:
    """Serve the hall as ``paihao up`` does, without a rate that clients could meet."""
    from runtime.service import HallService

    rates = RateLimits(requests_per_s=1e9, requests_burst=10**9)
    config = Config(
        source="bench",
        halls=(spec(),),
        server=Server(port=0, data_dir=folder, rate_limits=rates),
        tokens=(Token(role=Role.MANAGER, secret=SECRET),),
        wechat=wechat,
    )
    service = HallService(reactor, config)
    reactor.addSystemEventTrigger("before", "shutdown", service.stop)
    return service.start()


def serve_bare(reactor: Any) -> int:
    """Serve a resource that reads the body and answers the like of a ticket, with nothing behind it."""
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    class Bare(Resource):
        isLeaf = True

        def render_POST(self, request: Any) -> bytes:
            request.content.read()
            request.setResponseCode(201)
            request.setHeader(b"Content-Type", b"application/json")
            return b'{"id":"20261123-A001","number":"A001","ahead":0}'

        def render_GET(self, request: Any) -> bytes:
            request.setHeader(b"Content-Type", b"application/json")
            return b'{"id":"B","names":{"en":"bench"},"services":[],"number":null}'

    return int(reactor.listenTCP(0, Site(Bare()), interface="127.0.0.1").getHost().port)


if __name__ == "__main__":
    set_for_halls()
    installed = install_reactor()
    which = sys.argv[1]
    if which == "bare":
        port = serve_bare(installed)
    else:
        account = ACCOUNT if which == "wechat" else None
        port = serve_hall(installed, Path(sys.argv[2]), account)
    print(port, flush=True)
    installed.run()
