"""The documents that the settings allow; what is wrong with a trusted one is a wrong setting."""

from gateway.execution.export_documents import export_documents
from gateway.preparation.known_operations import KnownOperations
from gateway.preparation.manifest import ManifestError, read_manifest
from gateway.preparation.persisted_documents import PersistedDocuments, PersistedDocumentsPolicy
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.schema.graph import Graph, build
from gateway.settings import Settings, SettingsError
from gateway.transport.rest.endpoint_documents import endpoint_documents


def open_documents(settings: Settings, graph: Graph) -> tuple[KnownOperations, PersistedDocuments]:
    """An empty table of known operations, and the documents that may be sent or named; raises `SettingsError`."""
    path = settings.trusted_documents
    if path is None and settings.only_trusted_documents:
        raise SettingsError("GATEWAY_ONLY_TRUSTED_DOCUMENTS: expected GATEWAY_TRUSTED_DOCUMENTS beside it")
    known = KnownOperations(
        DocumentPreparation(
            graph,
            introspection=settings.introspection,
            subgraph=settings.subgraph,
            limits=settings.limits,
            native=settings.native,
        ),
        max_bytes=settings.worker_limits.known_documents_bytes,
    )
    try:
        policy = PersistedDocumentsPolicy(
            # The endpoints' own ones are asked whatever else may be.
            trusted=endpoint_documents(graph.executable)
            | export_documents(graph.executable)
            | ({} if path is None else read_manifest(path)),
            only_trusted=settings.only_trusted_documents,
            automatic=settings.persisted_queries,
        )
        return known, PersistedDocuments(known, policy)
    except ManifestError as error:
        raise SettingsError(f"GATEWAY_TRUSTED_DOCUMENTS: {error}") from None


def check_documents(settings: Settings) -> None:
    """Raises `SettingsError` where the trusted documents can't be used."""
    open_documents(settings, build(settings.federation_prefix))
