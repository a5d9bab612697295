"""What a hall remembers of the commands that it answered."""

from __future__ import annotations

from actors.hall.memory import ANSWERS_MAX, AnswerMemory
from protocol.answers import Accepted
from protocol.ids import CommandId


def answer(name: str) -> Accepted:
    return Accepted(command=CommandId(name), events=())


def test_the_oldest_answer_goes_when_there_are_too_many() -> None:
    memory = AnswerMemory()
    for number in range(ANSWERS_MAX + 1):
        memory.remember(answer(f"c{number}"))
    assert memory.first_answer(CommandId("c0")) is None
    assert memory.first_answer(CommandId("c1")) == answer("c1")
    assert memory.first_answer(CommandId(f"c{ANSWERS_MAX}")) == answer(f"c{ANSWERS_MAX}")


def test_a_command_that_was_taken_back_and_came_again_is_remembered_as_long_as_any() -> None:
    memory = AnswerMemory()
    memory.remember(answer("again"))
    memory.forget(CommandId("again"))
    assert memory.first_answer(CommandId("again")) is None
    for number in range(ANSWERS_MAX // 2):
        memory.remember(answer(f"before{number}"))
    memory.remember(answer("again"))
    for number in range(ANSWERS_MAX - 1):
        memory.remember(answer(f"after{number}"))
    assert memory.first_answer(CommandId("again")) == answer("again")
