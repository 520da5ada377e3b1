"""The head of an answer and its body are one packet where they come together."""

import asyncio

import pytest

from gateway.transport.server.uvicorn_adapter import AnswerWrites


class Recorded(asyncio.Transport):
    """What is written to it, and "closed" behind the last."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.written.append("closed")


@pytest.fixture
def transport() -> Recorded:
    return Recorded()


@pytest.fixture
async def answer(transport: Recorded) -> AnswerWrites:
    return AnswerWrites(transport, asyncio.get_running_loop())


async def test_a_head_and_its_body_are_written_at_once(answer: AnswerWrites, transport: Recorded) -> None:
    answer.write(b"head")
    answer.write(b"body")
    assert transport.written == [b"headbody"]
    await asyncio.sleep(0)
    answer.write(b"more")
    assert transport.written == [b"headbody", b"more"]


async def test_a_head_whose_body_comes_later_does_not_wait_for_it(answer: AnswerWrites, transport: Recorded) -> None:
    answer.write(b"head")
    await asyncio.sleep(0)
    assert transport.written == [b"head"]
    answer.write(b"body")
    assert transport.written == [b"head", b"body"]


async def test_a_head_without_a_body_is_written_before_the_connection_ends(
    answer: AnswerWrites, transport: Recorded
) -> None:
    answer.write(b"head")
    answer.close()
    await asyncio.sleep(0)
    assert transport.written == [b"head", "closed"]
