"""Pages as files of HTML, of which a little is filled in for each visit."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from string import Template

import orjson
from starlette.responses import HTMLResponse, Response

from gateway.transport.exchange.security_headers import with_security_headers

_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "


class PageTemplate:
    """A page of one file, whose ``$nonce`` is another for each visit; kept by nobody.

    ``policy``: from where it may load what; nothing else is allowed it. Its ``{nonce}`` is the page's. ``values``: of
    the file's other placeholders, as HTML.
    """

    def __init__(self, file: Path, policy: str, values: Mapping[str, str]) -> None:
        self._template = Template(file.read_text(encoding="utf-8"))
        self._policy = _POLICY + policy
        self._values = values

    def response(self) -> Response:
        """The page as this visitor gets it."""
        nonce = secrets.token_urlsafe(16)
        headers = {"Content-Security-Policy": self._policy.format(nonce=nonce), "Cache-Control": "no-store"}
        return with_security_headers(
            HTMLResponse(self._template.substitute(self._values, nonce=nonce), headers=headers)
        )


def script_json(settings: Mapping[str, object]) -> str:
    """What a page's script reads, for an element of it: nothing in it ends that."""
    return orjson.dumps(settings).decode().replace("<", "\\u003c")
