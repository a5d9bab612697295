"""What a paper ticket says, in each language."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from protocol.ids import Language
from protocol.values import value


@value
class Texts:
    """The words of a ticket in one language. ``{}`` stands for what is filled in."""

    number: str
    ahead_none: str
    ahead_one: str
    ahead_many: str
    late: str
    taken: str
    reprinted: str
    scan: str
    advice: str
    weekdays: tuple[str, str, str, str, str, str, str]
    """From Monday to Sunday."""

    def ahead(self, people: int) -> str:
        """Return how many people wait before this one."""
        match people:
            case 0:
                return self.ahead_none
            case 1:
                return self.ahead_one
            case _:
                return self.ahead_many.format(people)

    def moment(self, local: datetime) -> str:
        """Return a local time to the minute, with its weekday."""
        return f"{local:%Y-%m-%d} {self.weekdays[local.weekday()]} {local:%H:%M}"


ZH = Texts(
    number="您的排队号码",
    ahead_none="前面无人等候",
    ahead_one="前面等候 1 人",
    ahead_many="前面等候 {} 人",
    late="今天下班前可能无法办理",
    taken="取号 {}",
    reprinted="补打 {}",
    scan="扫码查看排队进度",
    advice="请留意屏幕和语音叫号，当日有效",
    weekdays=("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
)

EN = Texts(
    number="Your number",
    ahead_none="You are next",
    ahead_one="1 person ahead",
    ahead_many="{} people ahead",
    late="Probably not served before closing today",
    taken="Taken {}",
    reprinted="Printed again {}",
    scan="Scan to follow the queue",
    advice="Please watch the screens and listen for your number. Valid today.",
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
)

CATALOGUE: Mapping[Language, Texts] = MappingProxyType({Language("zh"): ZH, Language("en"): EN})


def texts_in(language: Language) -> Texts:
    """Return the texts in ``language`` (``en-GB`` is served by ``en``), or else in Chinese."""
    return CATALOGUE.get(language) or CATALOGUE.get(Language(language.partition("-")[0]), ZH)
