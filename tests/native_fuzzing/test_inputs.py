"""The fuzzer's inputs, and that it would notice: what libFuzzer makes of them is `make fuzz-native`."""

import random
from dataclasses import replace
from itertools import islice

import pytest

from gateway.compiler.native_backend.extension import EXTENSION
from tests.native_fuzzing import judgement
from tests.native_fuzzing.inputs import IDS, Input, mutated, seeds

native = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")


@native
def test_what_the_fuzzer_begins_with_is_answered_as_python_does_or_not_at_all() -> None:
    for seed in seeds():
        judgement.judge(seed)


@native
def test_what_it_is_changed_to_is_answered_as_python_does_or_not_at_all() -> None:
    chance, changed = random.Random(0), list(seeds())
    for _ in range(1_000):
        if data := mutated(chance.choice(changed), chance.getrandbits(32)):
            changed.append(data)
            judgement.judge(data)


@native
@pytest.mark.parametrize("answer", ["panicked", "bad program", "TypeError natively", b"{}"])
def test_a_mistake_ends_the_fuzzer(answer: str | bytes) -> None:
    mistaken = replace(judgement.compiled(0), native=lambda pages, most_bytes: answer)
    with pytest.raises(AssertionError):
        judgement.require_answer(mistaken, Input.of(next(seeds())))


def test_every_byte_string_is_an_input() -> None:
    assert Input.of(b"") == Input(0, (b"",), False, False)
    assert Input.of(b"\xff\x07\x05\x00\x00\x00\x00\x05") == Input(
        255 % (IDS + 1), (b"\x05\x00\x00\x00\x00", b"\x05"), True, True
    )


def test_inputs_are_changed_in_every_way_and_alike_for_one_seed() -> None:
    seed = max(islice(seeds(), 100), key=len)
    changed = {mutated(seed, number) for number in range(200)}
    assert len(changed) > 150
    assert mutated(seed, 7) == mutated(seed, 7)
    assert mutated(b"", 1) == b""
