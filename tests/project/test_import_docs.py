"""Every example of docs/import.md, run by a shell as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.interchange.detection import Format
from gateway.interchange.entries import AuxiliaryKind
from gateway.interchange.report import Report
from tests.harness.waiting import PATIENCE

TEXT = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("jq") is None, reason="one of the examples mends rejects with jq")
def test_the_examples_import_what_they_say(mongod: EmbeddedServer, tmp_path: Path) -> None:
    database = f"test_{uuid4().hex}"
    environment = os.environ | {"GATEWAY_MONGODB_URI": mongod.uri, "GATEWAY_MONGODB_DATABASE": database}
    printed = []
    for command in COMMANDS:
        # `timeout` runs programs alone.
        script = f'set -eu\ngateway() {{ "{sys.executable}" -m gateway "$@"; }}\n' + command.replace(
            "1.5 gateway", f'1.5 "{sys.executable}" -m gateway'
        )
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        printed.append(done.stdout.splitlines())
    summaries = [[line for line in lines if " lines: " in line][-1] for lines in printed]
    assert summaries == [
        "2 lines: 2 interactions imported, 0 there already, 0 lines skipped; 0 search requests.",
        summaries[1],
        "1 lines: 1 interactions imported, 0 there already, 0 lines skipped; 0 search requests.",
        "3 lines: 2 interactions imported, 0 there already, 0 lines skipped; 1 search requests.",
        "4 lines: 1 interactions imported, 0 there already, 0 lines skipped; 1 search requests.",
    ]
    assert re.match(r"5,000 lines: .* 0 lines skipped; 0 search requests\.", summaries[1])


def test_the_page_names_every_format_and_every_part_of_the_report() -> None:
    for format in Format:
        assert f"`{format.value}`" in TEXT
    for name in Report().as_json():
        assert f"`{name}`" in TEXT
    assert all(kind.value in TEXT.split("lines = imported", 1)[1].splitlines()[0] for kind in AuxiliaryKind)
