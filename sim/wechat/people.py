"""What people do: they follow, scan, press, write, consent, and open pages.

Whoever is named for the first time is a new person. ``app_id`` names the account; None is the first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sim.wechat.events import event, said_text
from sim.wechat.fields import Template
from sim.wechat.oauth import OAuth, PageError
from sim.wechat.office import Office
from sim.wechat.phones import Contact, Kind, Message, Phones
from sim.wechat.qr import QrCode

__all__ = ["AUTHORIZE", "People"]

AUTHORIZE = "/connect/oauth2/authorize"
"""Where pages send a browser that is to tell who holds it."""


class People:
    """See the module. Times are seconds of Unix time."""

    def __init__(self, phones: Phones, offices: Mapping[str, Office], oauth: OAuth) -> None:
        self._phones = phones
        self._offices = offices
        self._oauth = oauth

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody who has appeared."""
        return tuple(person.name for person in self._phones.people)

    def phone(self, user: str) -> tuple[Message, ...]:
        """Return what arrived on the phone of ``user``, the oldest first."""
        return tuple(self._phones.person(user).phone)

    def contact(self, user: str, app_id: str | None = None) -> Contact:
        """Return how ``user`` stands to the account: openid, following, consents."""
        return self._phones.contact(user, self._office(app_id).account.app_id)

    def menu(self, app_id: str | None = None) -> tuple[Mapping[str, Any], ...]:
        """Return the account's buttons as whoever follows sees them; those below one are its ``sub_button``."""
        return tuple(self._office(app_id).menu)

    def codes(self, most: int, now_s: float, app_id: str | None = None) -> tuple[QrCode, ...]:
        """Return the ``most`` QR codes of the account that were made last and live, the newest first."""
        return self._office(app_id).codes.newest(most, now_s)

    def notifications(self, app_id: str | None = None) -> tuple[Template, ...]:
        """Return what people may consent to."""
        return self._office(app_id).account.notifications

    def follow(self, user: str, now_s: float, *, app_id: str | None = None) -> None:
        """Follow the account; nothing happens if they do already."""
        office, contact = self._at(user, app_id)
        if not contact.following:
            _follow(contact, now_s, "ADD_SCENE_SEARCH")
            office.tell(contact, event("subscribe", asks=True, EventKey=""), now_s)

    def unfollow(self, user: str, now_s: float, *, app_id: str | None = None) -> None:
        """Follow it no more; nothing happens if they do not."""
        office, contact = self._at(user, app_id)
        if contact.following:
            contact.left()
            office.tell(contact, event("unsubscribe", EventKey=""), now_s)

    def scan(
        self, user: str, code: str, now_s: float, *, follows: bool = True, app_id: str | None = None
    ) -> bool:
        """Scan a QR code: what it holds, its ticket, or its scene (of several the last that was made).

        Who does not follow is asked to: ``follows`` says whether they do.

        Returns:
            Whether there is such a code and it has not ended; if not, the account is told nothing.
        """
        office, contact = self._at(user, app_id)
        found = office.codes.scanned(code, now_s)
        if found is None:
            return False
        if contact.following:
            contact.touched(now_s)
            said = event("SCAN", asks=True, EventKey=found.scene, Ticket=found.ticket)
            office.tell(contact, said, now_s)
        elif follows:
            _follow(contact, now_s, "ADD_SCENE_QR_CODE", found)
            key = f"qrscene_{found.scene}"
            said = event("subscribe", asks=True, EventKey=key, Ticket=found.ticket)
            office.tell(contact, said, now_s)
        return True

    def click(self, user: str, key: str, now_s: float, *, app_id: str | None = None) -> str | None:
        """Press the menu's button with ``key`` (or link, or name); return where a link's leads.

        Raises:
            LookupError: there is no such button, or the person does not follow and sees no menu.
        """
        office, contact = self._at(user, app_id)
        button = next((each for each in office.buttons if key in _marks(each)), None)
        if button is None or not contact.following:
            raise LookupError(f"{user} sees no button {key!r}")
        contact.touched(now_s)
        if button["type"] == "view":
            link: str = button["url"]
            office.tell(contact, event("VIEW", EventKey=link), now_s)
            return self.open_link(user, link, now_s, app_id=app_id)
        name = "CLICK" if button["type"] == "click" else button["type"]
        office.tell(contact, event(name, asks=True, EventKey=button["key"]), now_s)
        return None

    def say(self, user: str, text: str, now_s: float, *, app_id: str | None = None) -> None:
        """Write ``text`` to the account.

        Raises:
            LookupError: the person does not follow, and has no conversation to write in.
        """
        office, contact = self._at(user, app_id)
        if not contact.following:
            raise LookupError(f"{user} does not follow {office.account.app_id}")
        contact.talked(now_s)
        office.tell(contact, said_text(text, office.next_number()), now_s)

    def consent(
        self,
        user: str,
        template_id: str,
        now_s: float,
        *,
        accepts: bool = True,
        app_id: str | None = None,
    ) -> None:
        """Answer the question of a page whether this notification may be sent once.

        Raises:
            LookupError: the account has no such notification.
        """
        office, contact = self._at(user, app_id)
        self._check_notification(office, template_id)
        if accepts:
            contact.consents[template_id] = contact.consents.get(template_id, 0) + 1
        self._tell_consent(office, contact, "popup", template_id, accepts, now_s, PopupScene=2)

    def withdraw(
        self, user: str, template_id: str, now_s: float, *, app_id: str | None = None
    ) -> None:
        """Take back all consents to a notification, in the account's settings.

        Raises:
            LookupError: the account has no such notification.
        """
        office, contact = self._at(user, app_id)
        self._check_notification(office, template_id)
        contact.consents.pop(template_id, None)
        self._tell_consent(office, contact, "change", template_id, False, now_s)

    def block(self, user: str, *, blocks: bool = True, app_id: str | None = None) -> None:
        """Take no more messages of the account, or take them again."""
        self.contact(user, app_id).blocks = blocks

    def make_virtual(self, user: str, *, virtual: bool = True, app_id: str | None = None) -> None:
        """Let pages get an openid that stands for nobody (``is_snapshotuser``), or the true one again."""
        self.contact(user, app_id).virtual = self._phones.new_openid() if virtual else None

    def open_link(self, user: str, url: str, now_s: float, *, app_id: str | None = None) -> str:
        """Return the address that the browser of ``user`` opens for ``url``: WeChat leads on with a code.

        Any other address is returned as it is.

        Raises:
            PageError: WeChat shows the person an error instead.
        """
        parts = urlsplit(url)
        if not parts.path.endswith(AUTHORIZE):
            return url
        return self.lead_back(user, dict(parse_qsl(parts.query)), now_s)

    def lead_back(self, user: str, query: Mapping[str, str], now_s: float) -> str:
        """Return where a browser goes that comes to `AUTHORIZE` with ``query``.

        Raises:
            PageError: WeChat shows the person an error instead.
        """
        office = self._offices.get(query.get("appid", ""))
        if office is None:
            raise PageError("appid 参数错误 (10002)")
        contact = self._phones.contact(user, office.account.app_id)
        return self._oauth.lead_back(office.account, contact, query, now_s)

    # -- inside -----------------------------------------------------------------------------

    def _office(self, app_id: str | None) -> Office:
        return next(iter(self._offices.values())) if app_id is None else self._offices[app_id]

    def _at(self, user: str, app_id: str | None) -> tuple[Office, Contact]:
        return self._office(app_id), self.contact(user, app_id)

    @staticmethod
    def _check_notification(office: Office, template_id: str) -> None:
        if template_id not in [each.id for each in office.account.notifications]:
            raise LookupError(f"{office.account.app_id} has no notification {template_id!r}")

    @staticmethod
    def _tell_consent(
        office: Office,
        contact: Contact,
        name: str,
        template_id: str,
        accepts: bool,
        now_s: float,
        **more: Any,
    ) -> None:
        status = "accept" if accepts else "reject"
        listed = {"TemplateId": template_id, "SubscribeStatusString": status, **more}
        about = {f"SubscribeMsg{name.capitalize()}Event": {"List": listed}}
        said = event(f"subscribe_msg_{name}_event", asks=False, **about)
        office.tell(contact, said, now_s)


def show(
    phones: Phones, office: Office, openid: str, text: str, now_s: float, *, trouble: bool
) -> None:
    """Put the answer to a callback, or WeChat's own notice, on the phone of ``openid``."""
    person, _ = phones.named(office.account.app_id, openid)
    kind = Kind.TROUBLE if trouble else Kind.REPLY
    person.take(
        Message(
            id=office.next_number(),
            app_id=office.account.app_id,
            kind=kind,
            text=text,
            at_s=now_s,
        )
    )


def _follow(contact: Contact, now_s: float, how: str, code: QrCode | None = None) -> None:
    contact.following, contact.followed_s, contact.how = True, now_s, how
    contact.scene_number = 0 if code is None else code.number
    contact.scene = "" if code is None or code.number else code.scene
    contact.touched(now_s)


def _marks(button: Mapping[str, Any]) -> tuple[Any, ...]:
    return button.get("key"), button.get("url"), button.get("name")
