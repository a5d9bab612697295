"""Districts, and where halls are, in a configuration."""

from collections.abc import Callable

import pytest

from protocol.places import Place, Position
from runtime.config.load import parse_config
from runtime.config.problems import Problem

PLACE = """
[hall.place]
district = "xihu"
address = { zh = "天目山路", en = "Tianmushan Road" }
position = { latitude = 30.25, longitude = 120.13 }
reach_m = 5000
"""
DISTRICT = """
[[district]]
id = "xihu"
names = { zh = "西湖区", en = "Xihu" }
"""


def test_place_is_read(right: str) -> None:
    config = parse_config(right + PLACE + DISTRICT, "hall.toml")
    assert config.halls[0].place == Place(
        district="xihu",  # type: ignore[arg-type]
        address={"zh": "天目山路", "en": "Tianmushan Road"},  # type: ignore[dict-item]
        position=Position(latitude=30.25, longitude=120.13),
        reach_m=5000.0,
    )
    assert [district.id for district in config.districts.values()] == ["xihu"]


def test_hall_without_a_place_is_anywhere(right: str) -> None:
    config = parse_config(right, "hall.toml")
    assert config.halls[0].place == Place()
    assert config.districts == {}


@pytest.mark.parametrize(
    ("written", "instead", "where", "says"),
    [
        ('district = "xihu"', 'district = "xiho"', "district", "did you mean 'xihu'?"),
        ("latitude = 30.25", "latitude = 300.25", "latitude", "-90"),
        ("reach_m = 5000", "reach_m = 5", "reach_m", "100"),
        ("position = { latitude = 30.25, longitude = 120.13 }", "", "reach_m", "position"),
        (', en = "Tianmushan Road"', "", "address", "no name in 'en'"),
        ("longitude = 120.13", "longitud = 120.13", "longitud", "did you mean 'longitude'?"),
    ],
)
def test_mistake_in_a_place_is_told(
    problems_of: Callable[[str], tuple[Problem, ...]],
    right: str,
    written: str,
    instead: str,
    where: str,
    says: str,
) -> None:
    (problem,) = problems_of(right + PLACE.replace(written, instead) + DISTRICT)
    assert where in problem.where
    assert says in str(problem)
    assert problem.line is not None
