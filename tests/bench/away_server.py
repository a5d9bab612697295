"""A hall whose every ticket one phone follows, for `tests.bench.away`: prints the port that it listens on.

python -m tests.bench.away_server FOLDER STAND_IN_URL OPENID
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from protocol.events import TicketTaken
from protocol.ids import CommandId, FollowerId
from protocol.messages import Recorded, Submit, Subscribe
from protocol.push_commands import FollowTicket
from protocol.values import replace
from protocol.wechat.templates import Slot
from runtime.config.model import Config, RateLimits, Role, Server, Token, WeChat, WeChatTemplate
from runtime.interpreter import set_for_halls
from runtime.keys import derived_key, load_key
from runtime.reactor import install_reactor
from runtime.wechat.followers import FollowerSeal
from tests.bench.http_server import SECRET, spec

APP_ID, APP_SECRET, APP_TOKEN = "wxaaaaaaaaaaaaaaaa", "s" * 32, "t" * 32
AES_KEY = "k" * 43
LEAD = 3

TEMPLATE = WeChatTemplate(
    template="TM", fields={"character_string1": Slot.NUMBER, "thing2": Slot.NOTE}
)


class Following:
    """Has ``follower`` follow each ticket of the hall as soon as it is given out."""

    def __init__(self, hall: Any, follower: FollowerId) -> None:
        self._hall = hall
        self._follower = follower

    def tell(self, message: Any, /) -> None:
        """Take an event, or the answer to a command."""
        if isinstance(message, Recorded) and isinstance(message.event, TicketTaken):
            ticket = message.event.ticket
            follow = FollowTicket(
                id=CommandId(f"follow/{ticket}"), ticket=ticket, follower=self._follower
            )
            self._hall.tell(Submit(command=follow, reply_to=self))


def serve(reactor: Any, folder: Path, stand_in: str, openid: str) -> int:
    """Serve the hall as ``paihao up`` does, without a rate that clients could meet; return its port."""
    from runtime.service import HallService

    rates = RateLimits(requests_per_s=1e9, requests_burst=10**9)
    hall = spec()
    services = {id: replace(each, lead=LEAD) for id, each in hall.services.items()}
    config = Config(
        source="bench",
        halls=(replace(hall, services=services),),
        server=Server(port=0, data_dir=folder, rate_limits=rates),
        tokens=(Token(role=Role.MANAGER, secret=SECRET),),
        wechat=WeChat(
            app_id=APP_ID,
            secret=APP_SECRET,
            token=APP_TOKEN,
            aes_key=AES_KEY,
            near=TEMPLATE,
            call=TEMPLATE,
            api_url=stand_in,
            oauth_url=stand_in,
        ),
    )
    service = HallService(reactor, config)
    reactor.addSystemEventTrigger("before", "shutdown", service.stop)
    port = service.start()
    seal = FollowerSeal(derived_key(load_key(folder), "wechat/followers"))
    ref = service.world.find(f"hall/{hall.id}")
    assert ref is not None
    ref.tell(Subscribe(recipient=Following(ref, seal.seal(openid))))
    return port


if __name__ == "__main__":
    set_for_halls()
    installed = install_reactor()
    port = serve(installed, Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    print(port, flush=True)
    installed.run()
