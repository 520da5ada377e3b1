"""Scripts that use the gateway as a client of the JavaScript world does."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.harness.gateway_process import GatewayProcess

FOLDER = Path(__file__).parent


def run(script: str | Path, gateway: GatewayProcess | None, *arguments: str | Path, seconds: float = 120) -> Any:
    """What a script, of this folder unless its path says otherwise, prints: one JSON value. It must end with 0, having
    written nothing to stderr.

    The script finds the gateway, if it needs one, in GATEWAY_URL, GATEWAY_KEY and GATEWAY_NAMESPACE.
    """
    node = shutil.which("node")
    assert node, "Node is needed"
    variables = (
        {"GATEWAY_URL": gateway.url, "GATEWAY_KEY": gateway.key, "GATEWAY_NAMESPACE": gateway.namespace}
        if gateway
        else {}
    )
    done = subprocess.run(
        [node, FOLDER / script, *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr or done.stdout
    return json.loads(done.stdout)
