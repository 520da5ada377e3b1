"""nginx in a process of its own, with the configuration of docs/deployment.md, in front of a gateway."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.harness.waiting import PATIENCE

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"
# Shorter, for the tests that wait for their end; a busy machine takes more than a second for a handshake of TLS.
_SECONDS = {
    "client_header_timeout 10s": "client_header_timeout 4s",
    "client_body_timeout 10s": "client_body_timeout 4s",
}


@contextmanager
def proxying(gateway: str, directory: Path, port: int, *, leaves_prefix: bool = False) -> Iterator[None]:
    """nginx, which serves ``https://localhost/search/`` at this port of loopback; ``gateway``: host and port behind it.

    ``directory`` holds its files; the certificate is its ``certificate.pem``. Heads and bodies have four seconds to
    come. ``leaves_prefix``: what it passes on has ``/search``, too.
    """
    assert NGINX is not None, "the tests of it are skipped without it"
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    configuration = directory / "nginx.conf"
    text = _configuration(gateway, port, certificate, key, directory)
    configuration.write_text(text.replace("http://gateway/;", "http://gateway;") if leaves_prefix else text)
    process = subprocess.Popen(
        [NGINX, "-p", str(directory), "-c", str(configuration), "-e", "error.log"], cwd=directory
    )
    try:
        _wait_for(process, port, directory)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _configuration(gateway: str, port: int, certificate: Path, key: Path, directory: Path) -> str:
    [documented] = re.findall(r"^```nginx\n(.*?)^```$", _PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    changes = {
        "server 127.0.0.1:8000;": f"server {gateway};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "server_name gateway.example;": "server_name localhost;",
        "/etc/ssl/gateway.example.pem": str(certificate),
        "/etc/ssl/gateway.example.key": str(key),
        **_SECONDS,
    }
    for stated, changed in changes.items():
        assert documented.count(stated) == 1, stated
        documented = documented.replace(stated, changed)
    paths = "".join(
        f"{name}_temp_path {directory / name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""{user}
daemon off;
pid {directory / "nginx.pid"};
events {{ worker_connections 1000; }}
http {{
access_log off;
{paths}
{documented}
}}
"""


def _wait_for(process: "subprocess.Popen[bytes]", port: int, directory: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nginx does not serve: {(directory / 'error.log').read_text()}")
