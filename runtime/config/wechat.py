"""The official account in a configuration: how it is typed, and what fits together in it."""

from __future__ import annotations

from pathlib import Path

from protocol.errors import ConfigError
from protocol.wechat.templates import FIELDS_MAX, Slot, layout_of
from runtime.config import kinds, model
from runtime.config.document import Place
from runtime.config.problems import Findings
from runtime.config.secrets import WECHAT_SECRETS, check_sources
from runtime.config.tables import Tables

__all__ = ["check_wechat", "declare_wechat"]

PLACE: Place = ("wechat",)


def declare_wechat(tables: Tables, folder: Path) -> None:
    """Declare the account; relative paths count from ``folder``."""
    path, variable = tables.one(kinds.path_in(folder)), tables.one(kinds.ENVIRONMENT_NAME)
    tables.declare(
        model.WeChatTemplate,
        template=tables.one(kinds.WECHAT_TEMPLATE),
        fields=tables.keyed(kinds.TEMPLATE_FIELD, tables.one(kinds.choice(Slot)), most=FIELDS_MAX),
    )
    tables.declare(
        model.WeChat,
        app_id=tables.one(kinds.WECHAT_APP_ID),
        **{name: tables.one(kind) for name, kind in WECHAT_SECRETS.items()},
        **{f"{name}_env": variable for name in WECHAT_SECRETS},
        **{f"{name}_file": path for name in WECHAT_SECRETS},
        mode=tables.one(kinds.choice(model.WeChatMode)),
        channel=tables.one(kinds.choice(model.WeChatChannel)),
        near=tables.table(model.WeChatTemplate),
        call=tables.table(model.WeChatTemplate),
        api_url=tables.one(kinds.PUBLIC_URL),
        oauth_url=tables.one(kinds.PUBLIC_URL),
    )


def check_wechat(findings: Findings, wechat: model.WeChat | None, server: model.Server) -> None:
    """Report what of the account is missing, and what its callbacks and pushes could not go with."""
    if wechat is None:
        return
    for name in WECHAT_SECRETS:
        check_sources(findings, PLACE, wechat, name)
    for push in ("near", "call"):
        _check_fields(findings, (*PLACE, push, "fields"), getattr(wechat, push))
    public = ("server", "public_url")
    if server.public_url is None and wechat.api_url == model.API_URL and findings.sound(public):
        wrong = f"WeChat would lead phones back to {server.base_url()}, which it does not know"
        needed = 'needed with [wechat] is public_url, such as "https://hall.example.cn"'
        findings.add(public, wrong, needed)
    octets = ("server", "body_octets_max")
    if server.body_octets_max < model.WECHAT_BODY_OCTETS_MIN and findings.sound(octets):
        wrong = f"{server.body_octets_max} is too little for WeChat's callbacks"
        allowed = f"allowed with [wechat] is {model.WECHAT_BODY_OCTETS_MIN} or more"
        findings.add(octets, wrong, allowed)


def _check_fields(findings: Findings, place: Place, template: model.WeChatTemplate) -> None:
    """Report fields that cannot say what they are to say."""
    if not findings.sound(place):
        return
    alone = [((*place, name), {name: slot}) for name, slot in template.fields.items()]
    for there, field in alone or [(place, {})]:
        try:
            layout_of(field)
        except ConfigError as error:
            wrong, _, allowed = str(error).partition("; ")
            findings.add(there, wrong, allowed)
