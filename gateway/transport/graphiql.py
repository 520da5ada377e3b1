"""The GraphiQL page: pinned assets with integrity hashes, headers prefilled."""

import secrets
from collections.abc import Mapping
from importlib.resources import files
from string import Template

import orjson
from starlette.responses import HTMLResponse, Response

# Shown to whoever has no key yet; the page asks nothing while the angle brackets are there.
TEMPLATE_HEADERS = {"Authorization": "Bearer <your key>", "X-Namespace": "<a namespace's name or id>"}

_QUERY = """# The latest clicks, with what was searched for.
query LatestClicks {
  interactions(first: 5, where: { interactionType: { eq: CLICK } }) {
    totalCount
    nodes {
      interactionId
      featureId
      occurredAt
      position
      searchRequest {
        queries {
          vectorIndex
          value
        }
        filters {
          text
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""
_CDN = "https://cdn.jsdelivr.net"


class Page:
    """The page with these headers in its editor; a fresh nonce each time lets its own scripts alone run inline."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._template = Template(files("gateway.transport").joinpath("graphiql.html").read_text(encoding="utf-8"))
        # What stands in a script element must not be able to end it.
        self._settings = orjson.dumps({"headers": headers, "query": _QUERY}).decode().replace("<", "\\u003c")

    def response(self) -> Response:
        nonce = secrets.token_urlsafe(16)
        policy = (
            "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            f"script-src 'nonce-{nonce}' {_CDN}; style-src 'unsafe-inline' {_CDN}; font-src data: {_CDN}; img-src data:"
        )
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Vary": "Accept",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(self._template.substitute(nonce=nonce, settings=self._settings), headers=headers)
