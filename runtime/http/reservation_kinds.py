"""The kinds of problems that customers meet on their phones; see `runtime.http.kinds`."""

from collections.abc import Mapping
from types import MappingProxyType

from runtime.http.kind import Kind, kind

RESERVATION_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "sign-in-needed": kind(
            401,
            "Sign in first",
            "Open the page in WeChat: it signs you in without being asked.",
            "请在微信中打开此页面，系统会自动登录。",
        ),
        "sign-in-failed": kind(
            400,
            "Signing in did not work",
            "It took too long, or was begun on another page. Begin again; the browser must take cookies.",
            "登录未完成：可能超时，或不是从本页面开始的。请重新进入，并允许浏览器使用 Cookie。",
        ),
        "virtual-visitor": kind(
            403,
            "WeChat does not say who you are",
            "You look at a preview of this page. Open the whole service in WeChat, then come back.",
            "您正在浏览页面快照。请点击微信中的“使用完整服务”后再继续。",
        ),
        "wechat-away": kind(
            503,
            "WeChat does not answer",
            "Try again in a moment. At the hall's kiosk numbers are taken as always.",
            "微信暂时没有回应，请稍后再试；大厅取号机可照常取号。",
        ),
        "position-needed": kind(
            403,
            "The hall asks where you are",
            "Numbers are given to phones near the hall alone. Allow the page to see your position.",
            "该大厅只向附近的手机发号，请允许页面获取您的位置。",
        ),
        "too-far": kind(
            403,
            "You are too far away",
            "Numbers are given to phones near the hall alone: try again when you are nearer, or book a time.",
            "您离大厅太远，请到附近后再取号，或预约时间。",
        ),
        "not-by-phone": kind(
            403,
            "This service gives no numbers to phones",
            "Take a ticket in the hall.",
            "该业务不能用手机取号，请到大厅取号。",
        ),
        "not-yours": kind(
            403,
            "This is somebody else's",
            "Only the phone that took, booked or follows it may do that; staff in the hall may, too.",
            "只有取号、预约或关注它的手机才能操作；也可以请大厅工作人员帮忙。",
        ),
    }
)
