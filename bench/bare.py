"""Parsing and validating documents with graphql-core alone, in a process of its own: ``python -m bench.bare`` reads
JSON lists of documents, one a line, and answers each with CPU milliseconds per document.

Its garbage collector leaves the schema alone, as a worker's does: in a process that isn't settled, it walks the schema
so often that the same costs a tenth more.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from graphql import parse, specified_rules, validate

from gateway.app.serving import end_on_signals
from gateway.app.worker import prepare_interpreter
from gateway.schema.graph import build

Timing = Callable[[Sequence[str]], float]


@contextmanager
def timing() -> Iterator[Timing]:
    """Runs the process until leaving; the function gives CPU milliseconds per document, and waits for them."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.bare"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        questions, answers = process.stdin, process.stdout
        assert questions is not None, "it is a pipe"
        assert answers is not None, "it is a pipe"

        def milliseconds(documents: Sequence[str]) -> float:
            print(json.dumps(documents), file=questions, flush=True)
            return float(answers.readline())

        # On leaving, its input ends, and so does the process.
        yield milliseconds


def main() -> None:
    end_on_signals()
    executable = build().executable
    prepare_interpreter()
    with suppress(KeyboardInterrupt):
        for line in sys.stdin:
            documents = json.loads(line)
            before = time.process_time()
            for document in documents:
                errors = validate(executable, parse(document), specified_rules)
                assert not errors, errors
            print((time.process_time() - before) / len(documents) * 1_000, flush=True)


if __name__ == "__main__":
    main()
