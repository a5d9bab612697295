"""What is said in WeChat's chat, in the two languages that it is said in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from protocol.ids import Language
from protocol.tickets import TicketState
from protocol.values import value

__all__ = ["EN", "SPOKEN", "ZH", "Words", "words_in"]


@value
class Words:
    """The sentences of one language; what stands in braces is filled in."""

    followed: str
    told: str
    """What a follower may expect."""
    title: str
    next: str
    ahead_one: str
    ahead: str
    wait_range: str
    wait_within: str
    states: Mapping[TicketState, str]
    page: str
    other_phone: str
    ended: str
    old_ticket: str
    not_bound: str
    expired_code: str
    forged_code: str
    foreign_code: str
    foreign_hall: str
    none_followed: str
    number_unknown: str
    number_called: str
    number_service: str
    number_now: str
    number_scan: str
    at_counter: str
    waiting: str
    away: str
    welcome: str
    help: str


ZH = Words(
    followed="已关注号票 {number}",
    told="快轮到您以及叫到您时，会在微信里通知您。",
    title="{number}  {service}\n{hall}",
    next="下一位就是您，请不要走远。",
    ahead_one="前面还有 1 人",
    ahead="前面还有 {count} 人",
    wait_range="预计等候 {least}–{most} 分钟",
    wait_within="预计 {most} 分钟内叫号",
    states=MappingProxyType(
        {
            TicketState.CALLED: "请到{counter}办理",
            TicketState.SERVING: "正在{counter}办理",
            TicketState.HELD: "已挂起，请留意叫号或询问工作人员",
            TicketState.SERVED: "已办结",
            TicketState.NO_SHOW: "已过号，如需办理请询问工作人员",
            TicketState.CANCELLED: "已取消",
            TicketState.EXPIRED: "已失效",
        }
    ),
    page="查看进度：\n{page}",
    other_phone="{number} 已由另一部手机关注。请在那部手机上取消，或请工作人员帮忙解除。",
    ended="{number} 已经结束，没有可以通知的了。",
    old_ticket="这张号票不是今天的，已经失效。",
    not_bound="{number} 暂时不能关注，请稍后再扫一次。",
    expired_code="这个二维码已过期，号票只在当天有效。",
    forged_code="这个二维码无效，请扫描号票上的二维码。",
    foreign_code="这不是号票的二维码，请扫描号票上的二维码。",
    foreign_hall="这个大厅的号票不在本公众号办理。",
    none_followed="您还没有关注号票。扫描号票上的二维码，就能在这里看到进度并收到叫号通知。",
    number_unknown="没有业务使用号码 {typed}。",
    number_called="{typed}：请到{counter}办理（{hall}）",
    number_service="{typed} 属于{service}（{hall}）",
    number_now="现在叫到：{calls}",
    number_scan="想知道这个号前面还有几人，请扫描号票上的二维码。",
    at_counter="{number}（{counter}）",
    waiting="等候 {count} 人",
    away="大厅系统暂时没有回应，请稍后再试。",
    welcome="您好！扫描号票上的二维码，快轮到您和叫到您时就会在这里收到通知。",
    help="发送“进度”查看您关注的号票，或发送号码，例如 A010。",
)

EN = Words(
    followed="You now follow ticket {number}",
    told="You will be told here when your turn comes near and when you are called.",
    title="{number}  {service}\n{hall}",
    next="You are next. Please stay nearby.",
    ahead_one="1 person ahead of you",
    ahead="{count} people ahead of you",
    wait_range="Probably a wait of {least} to {most} minutes",
    wait_within="Probably a wait of at most {most} min",
    states=MappingProxyType(
        {
            TicketState.CALLED: "Please go to {counter}",
            TicketState.SERVING: "Being served at {counter}",
            TicketState.HELD: "Set aside: listen for your number, or ask the staff",
            TicketState.SERVED: "Finished",
            TicketState.NO_SHOW: "Called and nobody came: please ask the staff",
            TicketState.CANCELLED: "Cancelled",
            TicketState.EXPIRED: "No longer valid",
        }
    ),
    page="See how it goes on:\n{page}",
    other_phone="Another phone follows {number}. Let it go there, or ask the staff to do so.",
    ended="{number} has ended, so there is nothing to be told.",
    old_ticket="This ticket is not of today and no longer valid.",
    not_bound="{number} cannot be followed at the moment. Please scan it again later.",
    expired_code="This code has expired: a ticket is valid on its day alone.",
    forged_code="This code is not valid. Please scan the one on your ticket.",
    foreign_code="This is no ticket's code. Please scan the one on your ticket.",
    foreign_hall="Tickets of this hall are not with this account.",
    none_followed="You follow no ticket. Scan the code on your ticket to see its progress and to be told here.",
    number_unknown="No service has the number {typed}.",
    number_called="{typed}: please go to {counter} ({hall})",
    number_service="{typed} is a number of {service} ({hall})",
    number_now="Now called: {calls}",
    number_scan="To see how many people are ahead of it, scan the code on the ticket.",
    at_counter="{number} ({counter})",
    waiting="{count} waiting",
    away="The hall does not answer at the moment. Please try again later.",
    welcome="Welcome! Scan the code on your ticket to be told here when your turn comes.",
    help='Send "progress" for the tickets that you follow, or a number such as A010.',
)

SPOKEN: Mapping[Language, Words] = MappingProxyType({Language("zh"): ZH, Language("en"): EN})


def words_in(language: Language) -> Words:
    """Return the sentences in ``language``; in English where it is neither."""
    return SPOKEN.get(Language(language.partition("-")[0]), EN)
