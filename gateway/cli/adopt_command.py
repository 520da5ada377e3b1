"""``gateway adopt``: what another program wrote into MongoDB, recorded in a namespace."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from gateway.cli.console import AsJson, note, print_json, print_line, progress
from gateway.cli.import_outcome import print_reasons
from gateway.cli.insights_commands import catch_up
from gateway.cli.stop_signals import stopped_by_signals
from gateway.cli.store_connection import run
from gateway.cli.target_namespace import target_namespace
from gateway.errors import BadUserInput, GatewayError
from gateway.interchange.adoption import Adoption, SkippedDocument
from gateway.interchange.document_shapes import DocumentShape
from gateway.interchange.field_mapping import Assignment, assignments
from gateway.interchange.imports import Import, Recorder
from gateway.interchange.jsonl import WireLines
from gateway.interchange.rehearsal import Rehearsal
from gateway.interchange.report import Report
from gateway.interchange.temporary_database import temporary_database
from gateway.model.extended_json import id_spelling, spelled_id
from gateway.store.client import Database
from gateway.store.foreign_documents import ForeignDocuments
from gateway.store.index_creation import create_indexes
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer

_INTERRUPTED = 130
_SHOWN = 20
_Told: TypeAlias = Callable[[SkippedDocument], None]


@dataclass(slots=True)
class _Order:
    """What is to be adopted, and whereto; ``after``: the id to begin at, None: the first."""

    collection: str
    database: str | None
    namespace: str
    organization: str
    shape: DocumentShape
    after: Any
    creates: bool
    is_dry: bool


@dataclass(slots=True)
class _Outcome:
    report: Report
    adoption: Adoption


def adopt(
    collection: Annotated[str, typer.Option(help="The collection whose documents are adopted; it stays as it is.")],
    namespace: Annotated[str, typer.Option(help="Where they are recorded: a namespace's name.")],
    organization: Annotated[str, typer.Option(help="The organization's name.")],
    database: Annotated[str | None, typer.Option(help="The collection's database. Default: the gateway's.")] = None,
    create: Annotated[
        bool, typer.Option("--create", help="Make the organization and the namespace where there are none.")
    ] = False,
    map: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=FIELD",
            help="Which field what stands at a path of a document is, as in product.sku=feature_id; repeatable.",
        ),
    ] = None,
    type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="What interactions are whose documents don't say, as in click.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Skip documents with types or operators that the contract doesn't know.")
    ] = False,
    after: Annotated[
        str | None, typer.Option(metavar="ID", help="Begin at the document with this `_id`, as it was told, in JSON.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, and record nothing.")] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write the documents that are skipped to this file, with reasons."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record a copy of what another program wrote into MongoDB; run again, it adds what is new."""
    shape = DocumentShape(_assignments(map or []), type)
    order = _Order(collection, database, namespace, organization, shape, _id(after), create, dry_run)
    with _rejecting(rejects) as told:
        outcome = run(lambda gateways: _adopted(gateways, order, told, is_strict=strict))
    if as_json:
        print_json(_as_json(outcome, order))
    else:
        _print(outcome, order)
    if outcome.adoption.is_stopping:
        _tell_last(outcome.adoption)
        raise typer.Exit(_INTERRUPTED)
    report = outcome.report
    if report.imported and not dry_run:
        run(catch_up)
    if report.lines and not report.imported + report.existing + report.query_rows:
        note(f"Error: nothing of {collection} {'could' if dry_run else 'can'} be adopted.")
        raise typer.Exit(1)


async def _adopted(database: Database, order: _Order, told: _Told, *, is_strict: bool) -> _Outcome:
    documents = ForeignDocuments(database, order.collection, database=order.database)
    total = await documents.total()
    await create_indexes(database)
    tenancy = Tenancy(database)
    target = await target_namespace(
        tenancy, order.organization, order.namespace, creates=order.creates, is_dry=order.is_dry
    )
    recorder: Recorder = Rehearsal() if order.is_dry else Writer(database)
    with temporary_database() as memory, progress() as bars:
        task = bars.add_task("Adopting", total=None if order.after is not None else total)
        adoption = Adoption(documents, order.shape, told=told, moved=lambda count: bars.update(task, completed=count))
        importing = Import(recorder, target, memory, skipped=adoption.skip, is_strict=is_strict)
        try:
            with stopped_by_signals(adoption):
                await adoption.run(importing, WireLines(memory), order.after)
        except GatewayError:
            _tell_last(adoption)
            raise
    return _Outcome(importing.report, adoption)


def _assignments(texts: list[str]) -> list[Assignment]:
    try:
        return assignments(texts)
    except BadUserInput as error:
        raise typer.BadParameter(error.message, param_hint="--map") from None


def _id(text: str | None) -> Any:
    try:
        return None if text is None else spelled_id(text)
    except ValueError:
        raise typer.BadParameter(
            "expected the `_id` as JSON, as it was told: a text has quotes.", param_hint="--after"
        ) from None


@contextmanager
def _rejecting(rejects: Path | None) -> Iterator[_Told]:
    try:
        opened = nullcontext() if rejects is None else rejects.open("wb")
    except OSError as error:
        raise typer.BadParameter(f"{rejects}: {error.strerror}", param_hint="--rejects") from None
    with opened as stream:

        def told(document: SkippedDocument) -> None:
            if stream is not None:
                stream.write(document.as_line())

        yield told


def _tell_last(adoption: Adoption) -> None:
    if adoption.last is not None:
        last = id_spelling(adoption.last)
        note(f"Adopted up to {last}: go on with --after '{last}'.")


def _as_json(outcome: _Outcome, order: _Order) -> dict[str, Any]:
    report = outcome.report.as_json()
    del report["skippedLines"]
    return {
        **report,
        "timesOfIds": order.shape.times_of_ids,
        "skippedDocuments": [document.as_json() for document in outcome.adoption.listed],
        "last": None if outcome.adoption.last is None else id_spelling(outcome.adoption.last),
        "dryRun": order.is_dry,
        "interrupted": outcome.adoption.is_stopping,
    }


def _print(outcome: _Outcome, order: _Order) -> None:
    report = outcome.report.as_json()
    skipped = sum(report["skipped"].values())
    adopted = "would be adopted" if order.is_dry else "adopted"
    print_line(
        f"{report['lines']:,} documents: {report['imported']:,} interactions {adopted}, {report['existing']:,} there "
        f"already, {skipped:,} skipped; {report['searchRequests']:,} search requests."
    )
    if order.shape.times_of_ids:
        print_line(f"  {order.shape.times_of_ids:,} × the time of the ObjectId, for the document has none")
    print_reasons(report)
    for document in outcome.adoption.listed[:_SHOWN]:
        where = f"{'.'.join(document.skipped.path)}: " if document.skipped.path else ""
        print_line(f"  document {document.id}: {where}{document.skipped.message}")
    if skipped > _SHOWN:
        print_line(f"  … and {skipped - _SHOWN:,} more; --rejects FILE writes all of them.")
