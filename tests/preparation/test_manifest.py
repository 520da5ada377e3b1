"""A manifest of trusted documents: what may stand in it, and that what may not is one line for the operator."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.preparation.manifest import ManifestError, read_manifest
from gateway.preparation.persisted_documents import PersistedDocuments, PersistedDocumentsPolicy
from tests.harness import prepared

QUERY = "query Key { viewer { keyName } }"


def test_relays_and_apollos_manifests_are_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    operations = [{"id": "a", "name": "Key", "type": "query", "body": QUERY}]
    for manifest in (
        {"a": QUERY},
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations},
    ):
        path.write_text(json.dumps(manifest))
        assert read_manifest(path) == {"a": QUERY}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "is no object of documents by id"),
        ('{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}', "is no manifest of Apollo's"),
        ('{"format": "apollo-persisted-query-manifest", "version": 1}', "is no manifest of Apollo's"),
        ('{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [1]}', "an operation that is no"),
        ('{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{}]}', "a document has no id"),
        ('{"a": 1}', "the document 'a' is no text"),
        ('{"": "{ __typename }"}', "a document has no id"),
        (
            '{"format": "apollo-persisted-query-manifest", "version": 1, "operations": '
            '[{"id": "a", "body": "{ a }"}, {"id": "a", "body": "{ b }"}]}',
            "the id 'a' has two documents",
        ),
    ],
)
def test_a_manifest_that_is_none_is_told_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"can't be read: No such file"):
        read_manifest(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{ nonsense }", "Cannot query field 'nonsense' on type 'Query'. Did you mean 'nodes'?"),
        ("{", "Syntax Error: Expected Name, found <EOF>."),
        ("", "Syntax Error: Unexpected <EOF>."),
    ],
)
def test_a_trusted_document_that_is_not_valid_is_named(text: str, fault: str) -> None:
    known = prepared.new_table()
    with pytest.raises(ManifestError) as caught:
        PersistedDocuments(known, PersistedDocumentsPolicy({"fine": QUERY, "wrong": text}))
    assert str(caught.value) == f"the document 'wrong' is not valid: {fault}"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_ends_with_one_line_before_any_worker_starts(
    tmp_path: Path, mongod: EmbeddedServer, workers: str
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"wrong": "{ nonsense }"}))
    environment = {
        "GATEWAY_MONGODB_URI": mongod.uri,
        "GATEWAY_TRUSTED_DOCUMENTS": str(path),
        "GATEWAY_WORKERS": workers,
    }
    result = CliRunner().invoke(app, ["serve"], env=environment)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "GATEWAY_TRUSTED_DOCUMENTS: the document 'wrong' is not valid" in result.stderr
