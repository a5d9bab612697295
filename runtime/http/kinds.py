"""The kinds of problems: a stable name for each, and what it means for people in each language."""

from collections.abc import Mapping
from types import MappingProxyType

from runtime.http.kind import Kind
from runtime.http.kind import kind as _kind
from runtime.http.radio_kinds import RADIO_KINDS
from runtime.http.reservation_kinds import RESERVATION_KINDS

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        # -- the request itself
        "malformed-request": _kind(
            400,
            "The request is not valid HTTP",
            "The request line, a header, the path or the framing of the body cannot be read. Send HTTP/1.1.",
            "请求行、请求头、路径或请求体的格式无法识别，请按 HTTP/1.1 发送。",
        ),
        "malformed-json": _kind(
            400,
            "The body is not JSON",
            "The body must be one JSON object (RFC 8259) in UTF-8: no NaN, no name twice, not nested deeply.",
            "请求体必须是 UTF-8 编码的一个 JSON 对象（RFC 8259）：不能有 NaN、重复的键或过深的嵌套。",
        ),
        "invalid-body": _kind(
            422,
            "The body does not fit the route",
            "A key is unknown or missing, or a value has the wrong type. `errors` points to each; "
            "/api/v1/openapi.json says what is allowed.",
            "请求体中有未知的键、缺少的键或类型不对的值。"
            "errors 指出每一处；允许的内容见 /api/v1/openapi.json。",
        ),
        "body-too-large": _kind(
            413, "The body is too large", "Send a shorter body.", "请求体太大，请缩短。"
        ),
        "target-too-long": _kind(
            414, "The address is too long", "Send a shorter path and query.", "地址太长，请缩短。"
        ),
        "head-too-large": _kind(
            431,
            "The headers are too large",
            "Send fewer or shorter headers; too many cookies are a common cause.",
            "请求头太大或太多，常见原因是 Cookie 太多。",
        ),
        "unsupported-media-type": _kind(
            415,
            "The body is not declared as JSON",
            "Send the body with the header Content-Type: application/json.",
            "请用请求头 Content-Type: application/json 发送请求体。",
        ),
        "request-timeout": _kind(
            408,
            "The request took too long to arrive",
            "The connection was too slow or was left half way. Send the request again.",
            "请求没有在规定时间内传完，请重新发送。",
        ),
        "method-not-allowed": _kind(
            405,
            "The method is not allowed here",
            "The header Allow lists the methods of this address.",
            "此地址不支持该方法；响应头 Allow 列出可用的方法。",
        ),
        # -- who asks
        "unauthorized": _kind(
            401,
            "A token is needed",
            "Send Authorization: Bearer TOKEN with a token from the hall's configuration, or open a page "
            "once with ?token=TOKEN.",
            "需要令牌：发送 Authorization: Bearer TOKEN（令牌见大厅配置），或用 ?token=TOKEN 打开一次页面。",
        ),
        "forbidden": _kind(
            403,
            "The token does not allow this",
            "The token is for another role, hall, kiosk or counter. Use the one made for this.",
            "该令牌属于其他角色、大厅、取号机或窗口，请使用对应的令牌。",
        ),
        "rate-limited": _kind(
            429,
            "Too many requests",
            "Wait for the seconds in Retry-After. The bound is in the configuration.",
            "请求太频繁，请等待 Retry-After 所示的秒数；上限见配置。",
        ),
        # -- what is asked for
        "not-found": _kind(
            404,
            "There is nothing at this address",
            "/api/v1/openapi.json lists every address.",
            "此地址没有内容；所有地址见 /api/v1/openapi.json。",
        ),
        "unknown-hall": _kind(
            404,
            "There is no such hall",
            "/api/v1/halls lists the halls.",
            "没有这个大厅；列表见 /api/v1/halls。",
        ),
        "unknown-service": _kind(
            404,
            "The hall has no such service",
            "The hall's services are in GET /api/v1/halls/{hall}.",
            "该大厅没有这项业务；业务列表见 GET /api/v1/halls/{hall}。",
        ),
        "unknown-counter": _kind(
            404,
            "The hall has no such counter",
            "The hall's counters are in GET /api/v1/halls/{hall}.",
            "该大厅没有这个窗口；窗口列表见 GET /api/v1/halls/{hall}。",
        ),
        "unknown-kiosk": _kind(
            404,
            "The hall has no such kiosk",
            "The hall's kiosks are in GET /api/v1/halls/{hall}.",
            "该大厅没有这台取号机；列表见 GET /api/v1/halls/{hall}。",
        ),
        "unknown-ticket": _kind(
            404,
            "There is no such ticket today",
            "Tickets are known until their business day ends. Check the number, or take a new one.",
            "今天没有这张号票。号票只在当个营业日有效，请核对号码或重新取号。",
        ),
        "unknown-language": _kind(
            422,
            "The hall does not speak this language",
            "The hall's languages are in GET /api/v1/halls/{hall}.",
            "该大厅不支持这种语言；语言列表见 GET /api/v1/halls/{hall}。",
        ),
        # -- what cannot be done now
        "numbers-exhausted": _kind(
            409,
            "The service has no numbers left today",
            "Ask the staff; the number range is in the configuration.",
            "该业务今天的号码已发完，请咨询工作人员；号码范围见配置。",
        ),
        "ticket-state": _kind(
            409,
            "The ticket's state does not allow this",
            "Look at the ticket again: somebody else may have acted first.",
            "号票当前状态不允许此操作，请刷新查看：可能已有他人操作。",
        ),
        "no-ticket-at-counter": _kind(
            409,
            "The ticket is not at this counter",
            "Call the next ticket first, or act at the counter that has it.",
            "该号票不在此窗口，请先叫号，或到持有该号票的窗口操作。",
        ),
        "recall-too-soon": _kind(
            409,
            "The ticket was called a moment ago",
            "Wait until the call has been announced, then recall.",
            "刚刚叫过，请稍等再重呼。",
        ),
        "recall-too-often": _kind(
            409,
            "The ticket was recalled as often as allowed",
            "Mark it as no-show, or start it when the person comes.",
            "重呼次数已达上限，请标记过号，或在客户到达后开始办理。",
        ),
        "no-printer": _kind(
            409,
            "There is no printer for this ticket",
            "Name a kiosk that has a printer, or show the ticket's QR code.",
            "没有可用的打印机，请指定带打印机的取号机，或出示号票二维码。",
        ),
        "counter-busy": _kind(
            409,
            "The counter has a ticket already",
            "Finish, hold or send back the ticket that the counter has, then try again.",
            "该窗口已有号票，请先办结、挂起或退回后再试。",
        ),
        "counter-closed": _kind(
            409,
            "The counter is closed",
            "Open the counter first, choose another one, or transfer to a service alone.",
            "该窗口已停止办理，请先开放该窗口，或转移到其他窗口或业务。",
        ),
        "no-counter": _kind(
            409,
            "No counter has this service",
            "Choose another service; which counter has which is in GET /api/v1/halls/{hall}.",
            "没有窗口办理该业务，请选择其他业务。",
        ),
        "wrong-counter": _kind(
            409,
            "The ticket is for another counter",
            "Call it at a counter that has its service, or transfer it.",
            "该号票属于其他窗口，请到能办理的窗口叫号，或转移号票。",
        ),
        "unknown-staff": _kind(
            404,
            "Nobody works here under this number",
            "Check the number; the roster is in the configuration.",
            "没有这个工号，请核对；人员名单见配置。",
        ),
        "closed": _kind(
            409,
            "The hall or the service is closed",
            "Come back when it opens: the detail says when.",
            "当前不在服务时间，开放时间见说明。",
        ),
        "too-late": _kind(
            409,
            "It is too late for today",
            "The ticket would probably not be served before closing. Come another day, or book a time.",
            "今天下班前可能办理不完，请改日再来或预约。",
        ),
        "quota": _kind(
            409,
            "The service is full for today",
            "As many tickets as there are for a day were given out. Come another day, or book a time.",
            "该业务今天的号已发完，请改日再来或预约。",
        ),
        "person-limit": _kind(
            409,
            "You have as many tickets as one may",
            "Use the ticket that you have, or cancel it first.",
            "您已取过号，请使用已有号票，或先取消。",
        ),
        "identity-needed": _kind(
            422,
            "The service asks who you are",
            "Send what the service asks for: `needed` names it.",
            "该业务需要提供身份信息：手机号、证件号或微信身份（见 needed）。",
        ),
        "identity-invalid": _kind(
            422,
            "The number cannot be right",
            "Check the mobile number or the number of the identity card; `errors` says what is wrong.",
            "手机号或身份证号有误，请核对后重新输入；errors 说明原因。",
        ),
        # -- appointments
        "no-appointments": _kind(
            409,
            "The service takes no appointments",
            "Take a ticket in the hall instead.",
            "该业务不接受预约，请到大厅取号。",
        ),
        "unknown-slot": _kind(
            404,
            "There is no such time to book",
            "It may be too early or too late to book it, or closed then: choose one of those that are offered.",
            "该时段不可预约，请从可约时段中选择。",
        ),
        "slot-full": _kind(
            409,
            "This time is full",
            "Choose another time.",
            "该时段已约满，请选择其他时段。",
        ),
        "banned": _kind(
            403,
            "Too many appointments were missed",
            "Take a ticket in the hall instead; the detail says from when on appointments are possible again.",
            "多次爽约，暂不能预约，请到大厅取号。",
        ),
        "not-banned": _kind(
            404,
            "The person is not banned",
            "Give the phone or document of the booking, or its code; the ban may have ended by itself.",
            "此人未被限制预约，请核对手机号、证件号或预约码。",
        ),
        "unknown-booking": _kind(
            404,
            "There is no such booking",
            "Check the code or the number that was given for it.",
            "没有这个预约，请核对预约码。",
        ),
        "booking-state": _kind(
            409,
            "The booking's state does not allow this",
            "Look at the booking again: it may have been cancelled, used, or its time may be over.",
            "预约当前状态不允许此操作，请刷新查看。",
        ),
        "check-in-early": _kind(
            409,
            "It is too early to check in",
            "Come back nearer to the time of the appointment; the detail says when.",
            "签到时间未到，请稍后再来。",
        ),
        "check-in-late": _kind(
            409,
            "The time of the appointment is over",
            "Take a ticket as everybody does, or book another time.",
            "预约时间已过，请取号或重新预约。",
        ),
        "unknown-closure": _kind(
            404,
            "There is no such closure",
            "Look at the hall's closures again: it may have been taken back.",
            "没有这条停办记录，请刷新查看。",
        ),
        # -- evaluations
        "not-served": _kind(
            409,
            "There is nothing to evaluate",
            "A service can be evaluated once it is finished.",
            "业务办结后才能评价。",
        ),
        "evaluated": _kind(
            409,
            "It has been evaluated already",
            "Each service is evaluated once. Thank you.",
            "该业务已评价过，感谢您的参与。",
        ),
        "evaluation-closed": _kind(
            409,
            "The time for an evaluation is over",
            "How long evaluations are taken is in the configuration.",
            "评价时间已过。",
        ),
        "followed": _kind(
            409,
            "Another phone follows the ticket",
            "Let it go on that phone, or ask the reception to.",
            "已有手机关注该号票，请在该手机上取消关注，或联系前台。",
        ),
        "bad-value": _kind(
            422,
            "A value is out of its range",
            "The detail says which one and what is allowed.",
            "有数值超出范围，详见说明。",
        ),
        "code-wrong": _kind(
            403,
            "The code is not the ticket's",
            "Open the ticket's page by its QR code, which holds the code, and evaluate there.",
            "验证码不正确，请扫描号票上的二维码打开页面后评价。",
        ),
        # -- repeats
        "idempotency-key-missing": _kind(
            400,
            "The Idempotency-Key header is missing",
            "A request with a cookie must carry it: any text that is new for each action.",
            "使用 Cookie 的请求必须带 Idempotency-Key 请求头：每次操作使用新的内容。",
        ),
        "idempotency-key-invalid": _kind(
            400,
            "The Idempotency-Key header cannot be used",
            "Send 1 to 128 visible ASCII characters, in quotes or not, once.",
            "请发送 1 到 128 个可见 ASCII 字符，可加引号，只发一次。",
        ),
        "idempotency-key-reused": _kind(
            422,
            "The Idempotency-Key was used with another body",
            "A key belongs to one request. Send a new key with a new request.",
            "同一个键只能用于同一请求；新的请求请使用新的键。",
        ),
        # -- the server
        "not-durable": _kind(
            503,
            "The hall cannot write its journal",
            "Nothing happened. The disk may be full: the administrator must look. Then send it again.",
            "操作没有生效：日志无法写入，磁盘可能已满，请通知管理员，之后重试。",
        ),
        "overloaded": _kind(
            503,
            "Too much is under way",
            "Wait for the seconds in Retry-After and send the request again with the same Idempotency-Key.",
            "系统繁忙，请等待 Retry-After 所示的秒数，用同一个 Idempotency-Key 重试。",
        ),
        "hall-unavailable": _kind(
            503,
            "The hall does not answer",
            "It is starting again or has failed: /healthz says more. Send the request again with the same "
            "Idempotency-Key: it is carried out once.",
            "大厅没有应答：可能正在重启或已故障，详见 /healthz。"
            "请用同一个 Idempotency-Key 重试，不会重复执行。",
        ),
        "too-many-connections": _kind(
            503,
            "Too many connections",
            "Close what is not used, or wait.",
            "连接过多，请关闭不用的连接或稍后再试。",
        ),
        "too-many-streams": _kind(
            503,
            "Too many event streams",
            "Close pages that are not used, or wait.",
            "实时连接过多，请关闭不用的页面或稍后再试。",
        ),
        "internal-error": _kind(
            500,
            "The server made a mistake",
            "It is in the server's log. Send the request again with the same Idempotency-Key.",
            "服务器内部错误，已记入日志。请用同一个 Idempotency-Key 重试。",
        ),
        **RADIO_KINDS,
        **RESERVATION_KINDS,
    }
)
"""Every kind of problem by its stable name; the type's address is ``/problems/`` and the name."""
