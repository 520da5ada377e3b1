"""What the project's metadata link to."""

from collections.abc import Iterable
from importlib.metadata import metadata

_NAME = "search-interactions-gateway"
# As well-known labels of the packaging standard are compared: without case, spaces and punctuation.
_DOCUMENTATION = frozenset({"documentation", "docs"})


def documentation_address() -> str | None:
    """Where this project's documentation is; None where it doesn't say."""
    return documentation_of(metadata(_NAME).get_all("Project-URL") or ())


def documentation_of(project_urls: Iterable[str]) -> str | None:
    """The documentation's address, of lines such as ``Documentation, https://…``."""
    for line in project_urls:
        label, _, address = line.partition(",")
        if "".join(filter(str.isalnum, label.lower())) in _DOCUMENTATION:
            return address.strip()
    return None
