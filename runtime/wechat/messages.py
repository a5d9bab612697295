"""What a push is as a message of the account: a template message, or a subscription notification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from protocol.hall import HallSpec, name_in
from protocol.ids import TicketId
from protocol.push_events import PushDue
from protocol.pushes import PushKind
from protocol.values import value
from protocol.wechat.templates import CallNotice, Notice, PreliminaryNotice, fields_of
from runtime.config.model import WeChat, WeChatChannel
from runtime.wechat.followers import FollowerSeal

__all__ = ["Messages"]


ID_CHARACTERS_MAX = 64
"""The service takes no longer ids; of a longer one its end tells one push from another."""


@value
class Messages:
    """Gives for each push of a hall the call that sends it. ``page`` is a ticket's page."""

    spec: HallSpec
    wechat: WeChat
    seal: FollowerSeal
    page: Callable[[TicketId], str]

    def __call__(self, push: PushDue) -> Callable[[Any], Any]:
        """Return the call, to be made with wechatpy's client.

        Raises:
            IdentityError: the follower was sealed with another key.
        """
        wechat = self.wechat
        template = wechat.near if push.kind is PushKind.NEAR else wechat.call
        data = fields_of(self._notice(push), template.layout)
        openid, url = self.seal.open(push.follower), self.page(push.ticket)
        if wechat.channel is WeChatChannel.SUBSCRIPTION:
            return lambda client: client.message.send_subscribe_message(
                openid, template.template, data, page=url
            )
        # wechatpy's own has no id, by which the service knows a repeat.
        document: Mapping[str, Any] = {
            "touser": openid,
            "template_id": template.template,
            "url": url,
            "data": data,
            "client_msg_id": f"{self.spec.id}/{push.push}"[-ID_CHARACTERS_MAX:],
        }
        return lambda client: client.post("message/template/send", data=dict(document))

    def _notice(self, push: PushDue) -> Notice:
        spec, language = self.spec, push.language
        service = spec.services.get(push.service)
        counter = None if push.counter is None else spec.counters.get(push.counter)
        named: Mapping[str, Any] = {
            "number": push.number,
            "service": push.service if service is None else name_in(service.names, language),
            "hall": name_in(spec.names, language),
            "language": language,
        }
        if push.kind is PushKind.NEAR:
            return PreliminaryNotice(ahead=push.ahead, **named)
        return CallNotice(
            counter=(push.counter or "") if counter is None else name_in(counter.names, language),
            again=push.kind is PushKind.RECALL,
            **named,
        )
