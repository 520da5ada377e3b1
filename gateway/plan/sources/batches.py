"""What became of the items of a batch, each judged alone."""

from collections.abc import Callable, Iterable, Sequence

from gateway.plan.commands import Document
from gateway.plan.sources.input_values import InputValue
from gateway.plan.write_commands import Outcome


def batch_results(
    outcomes: Sequence[Outcome], inputs: Sequence[InputValue], described: Callable[[int, Outcome, InputValue], Document]
) -> list[Document]:
    """What became of each item of a batch."""
    return [
        described(index, outcome, input) for index, (outcome, input) in enumerate(zip(outcomes, inputs, strict=True))
    ]


def batch_counts(results: Iterable[Document]) -> Document:
    """How many items of a batch were recorded, replaced and refused."""
    every = list(results)
    return {
        "created_count": sum(result["created"] for result in every),
        "replaced_count": sum(result["replaced"] for result in every),
        "error_count": sum(result["error"] is not None for result in every),
    }
