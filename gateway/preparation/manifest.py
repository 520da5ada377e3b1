"""The operator's manifest of trusted documents, in the formats in which Relay's and Apollo's tools write it."""

from collections.abc import Iterable
from pathlib import Path

import orjson

_APOLLO_FORMAT = ("apollo-persisted-query-manifest", 1)


class ManifestError(Exception):
    """A manifest that can't be used, in one line that names the document at fault."""


def read_manifest(path: Path) -> dict[str, str]:
    """The texts of a manifest by id, in Relay's format (an object of them) or Apollo's; raises `ManifestError`."""
    try:
        manifest = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ManifestError(f"{path} can't be read: {error.strerror}") from None
    except ValueError:
        raise ManifestError(f"{path} is not JSON") from None
    if not isinstance(manifest, dict):
        raise ManifestError(f"{path} is no object of documents by id")
    if (format_ := manifest.get("format")) is None:
        return _texts(manifest.items())
    operations = manifest.get("operations")
    if (format_, manifest.get("version")) != _APOLLO_FORMAT or not isinstance(operations, list):
        raise ManifestError(f"{path} is no manifest of Apollo's format {_APOLLO_FORMAT[0]!r}, version 1")
    if not all(isinstance(operation, dict) for operation in operations):
        raise ManifestError(f"{path} holds an operation that is no object")
    return _texts((operation.get("id"), operation.get("body")) for operation in operations)


def _texts(pairs: Iterable[tuple[object, object]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for id_, text in pairs:
        if not isinstance(id_, str) or not id_:
            raise ManifestError("a document has no id")
        if not isinstance(text, str):
            raise ManifestError(f"the document {id_[:100]!r} is no text")
        if texts.setdefault(id_, text) != text:
            raise ManifestError(f"the id {id_[:100]!r} has two documents")
    return texts
