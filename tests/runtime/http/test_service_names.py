"""A service that is not called anything in the customer's language is told by the name it has."""

from __future__ import annotations

import pytest

from protocol.ids import Language, ServiceId
from protocol.values import replace
from tests.runtime.http.conftest import Serve
from tests.runtime.http.rig import hall_spec

TAX = ServiceId("tax")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_service_without_a_name_in_the_language_has_its_other_one(
    serve: Serve, language: str
) -> None:
    spec = hall_spec()
    tax = replace(spec.services[TAX], names={Language("zh"): "仅有中文"})
    hall = serve(spec=replace(spec, services={**spec.services, TAX: tax}))
    answer = hall.ask("GET", f"/halls/HZ01/counter/1?lang={language}")
    assert answer.status == 200, answer
    page = answer.body.decode()
    assert f'<html lang="{language}' in page
    assert ">仅有中文</option>" in page
    other = {"en": "Counter 1", "zh": "1 号窗口"}[language]
    assert f">{other}</h1>" in page
