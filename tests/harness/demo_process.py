"""``gateway demo`` as a newcomer runs it: a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.harness.waiting import PATIENCE


class Demo:
    """A running demo; ``facts`` is the line that it prints with ``--json``."""

    def __init__(self, data_dir: Path, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.data_dir = data_dir
        self.process = process
        self.facts: dict[str, Any] = json.loads(process.stdout.readline())

    def post(self, query: str, variables: Mapping[str, Any] | None = None, *, namespace: str = "shop") -> Any:
        """The answer's JSON, with the demo's key."""
        body = {"query": query, "variables": variables}
        return httpx.post(self.facts["url"], json=body, headers=self._headers(namespace), timeout=PATIENCE).json()

    def begins(self, subscription: str, *, namespace: str = "shop") -> bool:
        """Whether an event stream does."""
        headers = {"Accept": "text/event-stream", **self._headers(namespace)}
        with httpx.stream(
            "POST", self.facts["url"], json={"query": subscription}, headers=headers, timeout=PATIENCE
        ) as response:
            return next(response.iter_text()) == ":\n\n"

    def _headers(self, namespace: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.facts['key']}", "X-Namespace": namespace}

    def end(self, request: signal.Signals) -> int:
        """The exit status; nothing else may have been printed."""
        self.process.send_signal(request)
        output, _ = self.process.communicate(timeout=PATIENCE)
        assert output == ""
        return self.process.returncode


def start(data_dir: Path, *arguments: str, port: str = "0") -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gateway", "demo", "--data-dir", str(data_dir), "--port", port, *arguments]
    # As a shell starts what is put behind: such a process ignores Ctrl-C until it says otherwise.
    command = ["sh", "-c", 'trap "" INT; exec "$0" "$@"', *command]
    return subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def running(data_dir: Path, *arguments: str) -> Iterator[Demo]:
    process = start(data_dir, "--json", *arguments)
    try:
        yield Demo(data_dir, process)
    finally:
        process.kill()
        process.communicate()
