"""The calls that an account's server makes: their paths, methods, and what each does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocol.values import value
from sim.wechat.codes import Code, Refused
from sim.wechat.menus import check_menu
from sim.wechat.office import Office
from sim.wechat.quotas import asked_quota
from sim.wechat.sending import send_notification, send_service, send_template

__all__ = ["CALLS", "Asked", "Call"]


@value
class Asked:
    """A request that was let in."""

    query: Mapping[str, str]
    body: bytes
    document: dict[str, Any]
    """What the body says; empty for GET."""
    at_s: float


@value
class Call:
    """A call with an access token. ``does`` returns what is answered, without ``errcode`` and ``errmsg``."""

    method: str
    does: Callable[[Office, Asked], dict[str, Any]]
    ok: bool = False
    """A good answer says ``errcode`` 0 and ``ok`` as well."""


def _create_code(office: Office, asked: Asked) -> dict[str, Any]:
    return office.codes.create(asked.document, asked.at_s)


def _send_template(office: Office, asked: Asked) -> dict[str, Any]:
    return send_template(office, asked.document, asked.at_s)


def _send_notification(office: Office, asked: Asked) -> dict[str, Any]:
    return send_notification(office, asked.document, asked.at_s)


def _send_service(office: Office, asked: Asked) -> dict[str, Any]:
    return send_service(office, asked.document, asked.at_s)


def _create_menu(office: Office, asked: Asked) -> dict[str, Any]:
    office.menu = check_menu(asked.document, asked.body)
    return {}


def _get_menu(office: Office, asked: Asked) -> dict[str, Any]:
    if not office.menu:
        raise Refused(Code.NO_MENU)
    return {"menu": {"button": office.menu}}


def _delete_menu(office: Office, asked: Asked) -> dict[str, Any]:
    office.menu = []
    return {}


def _user_info(office: Office, asked: Asked) -> dict[str, Any]:
    """Names and pictures of people are not told any more; who does not follow is an openid alone."""
    openid = asked.query.get("openid")
    if not openid:
        raise Refused(Code.OPENID_MISSING)
    _, contact = office.phones.named(office.account.app_id, openid)
    if not contact.following:
        return {"subscribe": 0, "openid": openid}
    return {
        "subscribe": 1,
        "openid": openid,
        "language": asked.query.get("lang", "zh_CN"),
        "subscribe_time": int(contact.followed_s),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": contact.how,
        "qr_scene": contact.scene_number,
        "qr_scene_str": contact.scene,
    }


def _jsapi_ticket(office: Office, asked: Asked) -> dict[str, Any]:
    if asked.query.get("type") != "jsapi":
        raise Refused(Code.ARGUMENTS, "type")
    ticket, expires_s = office.jsapi.give(asked.at_s)
    return {"ticket": ticket, "expires_in": expires_s}


def _quota(office: Office, asked: Asked) -> dict[str, Any]:
    path = asked_quota(asked.document)
    if path not in CALLS:
        raise Refused(Code.NO_SUCH_API)
    return {"quota": office.counts.quota(path, asked.at_s)}


CALLS: Final[Mapping[str, Call]] = {
    "/cgi-bin/qrcode/create": Call(method="POST", does=_create_code),
    "/cgi-bin/message/template/send": Call(method="POST", does=_send_template, ok=True),
    "/cgi-bin/message/subscribe/bizsend": Call(method="POST", does=_send_notification, ok=True),
    "/cgi-bin/message/custom/send": Call(method="POST", does=_send_service, ok=True),
    "/cgi-bin/menu/create": Call(method="POST", does=_create_menu, ok=True),
    "/cgi-bin/menu/get": Call(method="GET", does=_get_menu),
    "/cgi-bin/menu/delete": Call(method="GET", does=_delete_menu, ok=True),
    "/cgi-bin/user/info": Call(method="GET", does=_user_info),
    "/cgi-bin/ticket/getticket": Call(method="GET", does=_jsapi_ticket, ok=True),
    "/cgi-bin/openapi/quota/get": Call(method="POST", does=_quota, ok=True),
}
