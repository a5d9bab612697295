"""Names in several languages: everything is called something in each of them."""

from __future__ import annotations

import pytest

from protocol.hall import Service, name_in
from protocol.ids import Language, ServiceId

ZH, EN, KO = Language("zh"), Language("en"), Language("ko")


@pytest.mark.parametrize(
    ("names", "language", "shown"),
    [
        ({ZH: "个税", EN: "Income tax"}, EN, "Income tax"),
        ({ZH: "个税", EN: "Income tax"}, KO, "个税"),
        ({ZH: "个税"}, EN, "个税"),
        ({EN: "Income tax", ZH: "个税"}, KO, "Income tax"),
        ({ZH: "个税", EN: ""}, EN, "个税"),
    ],
)
def test_a_name_that_lacks_the_language_is_told_in_the_first_there_is(
    names: dict[Language, str], language: Language, shown: str
) -> None:
    service = Service(id=ServiceId("tax"), names=names, prefix="A")
    assert name_in(service.names, language) == shown
