"""The address at which clients reach the gateway, whatever it listens on."""

from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """The address, in parts. ``origin``: as browsers name it. ``host``: without its port. ``base_path``: what is
    before /graphql; it begins with a slash, or is empty."""

    origin: str
    host: str
    base_path: str

    @property
    def graph(self) -> str:
        return f"{self.origin}{self.base_path}/graphql"


def parse_public_url(url: str) -> PublicUrl:
    """Of an address by http or https, without a query; raises ValueError."""
    parts = urlsplit(url)
    if parts.hostname is None:
        raise ValueError(url)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return PublicUrl(f"{parts.scheme}://{host}{port}", host, parts.path.rstrip("/"))
