"""The page of docs/keys-for-pages.md in Chromium: it records from the origin of its key, and from no other."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import run
from tests.harness.gateway_process import serving

TEXT = (Path(__file__).parents[2] / "docs" / "keys-for-pages.md").read_text(encoding="utf-8")
[PAGE] = re.findall(r"^```html\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
CREATE = """mutation ($origin: String!) { createKey(input: {
  name: "pages", permissions: [RECORD], defaultNamespace: "shop", confined: true, origins: [$origin]
}) { secret } }"""
RECORDED = "{ interactions { totalCount nodes { featureId interactionType position sessionId } } }"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """The origin at which a folder is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_records_from_its_own_origin_alone(
    tmp_path: Path,
    mongod: EmbeddedServer,
    chromium: str,
) -> None:
    with serving(mongod.uri, key_cache_seconds=0) as gateway, site(tmp_path) as shop, site(tmp_path) as thief:
        key = gateway.data(CREATE, {"origin": shop})["createKey"]["secret"]
        page = PAGE.replace("sk_…", key).replace("https://gateway.shop.example/graphql", gateway.url)
        (tmp_path / "index.html").write_text(f'<link rel="icon" href="data:,">{page}', encoding="utf-8")
        stolen = run("page_key.mjs", gateway, chromium, thief)
        assert any("has been blocked by CORS policy" in complaint for complaint in stolen["complaints"])
        assert gateway.data(RECORDED)["interactions"]["totalCount"] == 0
        own = run("page_key.mjs", gateway, chromium, shop)
        assert (own["complaints"], own["failed"]) == ([], [])
        assert gateway.data(RECORDED)["interactions"] == {
            "totalCount": 1,
            "nodes": [{"featureId": "p1", "interactionType": "CLICK", "position": 0, "sessionId": "s1"}],
        }
        # Nor where other pages of the thief's origin may call, with keys of their own.
        gateway.data(CREATE, {"origin": thief})
        stolen = run("page_key.mjs", gateway, chromium, thief)
        assert stolen["failed"] == [f"403 {gateway.url}"]
        assert gateway.data(RECORDED)["interactions"]["totalCount"] == 1
