"""``gateway export``: what a namespace holds, for another gateway and for other tools, or judgments made of it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer
from rich.progress import TextColumn, TimeElapsedColumn

from gateway.app.local_operations import LocalAsking, LocalOperations, reading_context
from gateway.app.worker import freeze_garbage_collector
from gateway.cli.console import note, progress, warn
from gateway.context import Context
from gateway.errors import BadUserInput, GatewayError
from gateway.execution.asked_operations import OperationFailed
from gateway.execution.export_pages import DEFAULT_JUDGING, ExportPage, ExportPlace, ExportQuestion
from gateway.insights.click_models import JudgmentModel
from gateway.interchange.export_formats import ExportFormat, PageWriter
from gateway.interchange.json_lines_writer import token_line
from gateway.interchange.judgment_writers import TopicsWriter
from gateway.interchange.searches_ahead import LatestLines
from gateway.model.exported_documents import Part
from gateway.scheduling.cancellation import cancel
from gateway.settings import Settings, load
from gateway.store.tenancy import Tenancy

_STDOUT = "-"
_JUDGED = "Judgments: "


def export(
    namespace: Annotated[str, typer.Option(help="What to export: a namespace's name.")],
    organization: Annotated[str, typer.Option(help="The organization's name.")],
    where: Annotated[
        str | None, typer.Option(metavar="JSON", help="Only what matches: an InteractionWhere of the graph.")
    ] = None,
    format: Annotated[ExportFormat, typer.Option(help="See docs/export.md.")] = ExportFormat.JSONL,
    output: Annotated[str, typer.Option(metavar="FILE", help="A path, or - for standard output.")] = _STDOUT,
    token: Annotated[str | None, typer.Option(help="Go on where an export said this; the file is appended to.")] = None,
    tokens: Annotated[
        bool, typer.Option("--tokens", help="jsonl: end each page with a line that says where to go on.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is recorded, as it is recorded.")] = False,
    topics: Annotated[
        Path | None, typer.Option(dir_okay=False, help="qrels: write the queries' numbers and texts to this file.")
    ] = None,
    model: Annotated[
        JudgmentModel | None,
        typer.Option(
            case_sensitive=False, help=f"{_JUDGED}how ratings are made.", show_default=DEFAULT_JUDGING["model"].lower()
        ),
    ] = None,
    max_rank: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000,
            help=f"{_JUDGED}only positions below this count.",
            show_default=str(DEFAULT_JUDGING["maxRank"]),
        ),
    ] = None,
    min_views: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=f"{_JUDGED}what was viewed less often isn't judged.",
            show_default=str(DEFAULT_JUDGING["minViews"]),
        ),
    ] = None,
) -> None:
    """Export search requests and interactions, or judgments made of them."""
    judging = _judging(format, model, max_rank, min_views)
    question = ExportQuestion(_where(where), format.is_judged, judging, format.joins, encoded=format.takes_json)
    place = ExportPlace(question.first_part) if token is None else _place(token)
    _require_sensible(format, goes_on=token is not None, tokens=tokens, follow=follow, topics=topics)
    writer = format.writer(goes_on=token is not None, brings_searches=not question.tells_searches)
    with _opened(output) as file, ExitStack() as files:
        writers: list[tuple[PageWriter, BinaryIO]] = [(writer, file)]
        if topics is not None:
            writers.append((TopicsWriter(), files.enter_context(topics.open("ab"))))
        run = _Export(question, place, writers, tells_tokens=tokens, overwrites=token is None, format=format)
        try:
            asyncio.run(run.run(namespace, organization, follows=follow))
        except OperationFailed as failure:
            raise _named(failure) from None
        finally:
            run.tell()


class _Export:
    """One export to files. ``place``: where it goes on."""

    def __init__(
        self,
        question: ExportQuestion,
        place: ExportPlace,
        writers: Sequence[tuple[PageWriter, BinaryIO]],
        *,
        tells_tokens: bool,
        overwrites: bool,
        format: ExportFormat,
    ) -> None:
        self.place = place
        self._question = question
        self._writers = writers
        self._tells_tokens = tells_tokens
        self._overwrites = overwrites
        self._format = format
        self._lines = self._unreadable = self._textless = 0
        self._latest = LatestLines()
        self._has_begun = self._is_whole = False

    async def run(self, namespace: str, organization: str, *, follows: bool) -> None:
        running = asyncio.create_task(self._run(namespace, organization, follows=follows))
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            # Of the driver, which may lose a cancellation.
            await cancel([running])
            raise
        running.result()

    async def _run(self, namespace: str, organization: str, *, follows: bool) -> None:
        local = LocalOperations(load(Settings))
        # A page makes so many objects that the collector would walk all there is, for most of the time.
        freeze_garbage_collector()
        try:
            context = await _context(local, namespace, organization)
            with progress(TextColumn("{task.completed:,} lines"), TimeElapsedColumn()) as bars:
                task = bars.add_task("Exporting", total=None)
                async for page in self._pages(local, context, follows=follows):
                    self._write(page)
                    bars.update(task, completed=self._lines)
            for writer, file in self._writers:
                _write(file, writer.end())
                if self._tells_tokens:
                    _write(file, token_line(self.place.token))
            self._is_whole = True
        finally:
            await local.close()

    def tell(self) -> None:
        """Says how far it came, and how to go on."""
        if self._unreadable:
            warn(f"{self._unreadable:,} stored documents can't be read, and were left out.")
        if self._textless:
            note(f"{self._textless:,} judgments of searches without a text were left out.")
        if not self._has_begun:
            return
        if self._format.may_go_on and not self._question.judged:
            behind = "What is recorded from now on" if self._is_whole else "The rest"
            note(f"{self._lines:,} lines exported. {behind}: --token {self.place.token}")
        elif self._is_whole:
            note(f"{self._lines:,} {'judgments' if self._question.judged else 'lines'} exported.")

    async def _pages(self, local: LocalOperations, context: Context, *, follows: bool) -> AsyncIterator[ExportPage]:
        question, asking = self._question, LocalAsking()
        self.place = self.place.within(context.namespace)
        if self.place.since is None and not question.judged:
            self.place = replace(self.place, since=await local.recorded.now())
        goes_on = self.place.part is Part.RECORDED
        if not goes_on:
            async for page in local.pages.pages(question, self.place, asking, context):
                yield page
        self._begin()
        since = self.place.since
        if since is None:
            return
        # Behind the end stands what came meanwhile, and was passed already.
        self.place = replace(self.place, part=Part.RECORDED, cursor=None)
        if goes_on or follows:
            # Search requests that came since are told by their interactions.
            self._writers = [(self._format.writer(goes_on=True, brings_searches=True), self._writers[0][1])]
            async for page in local.recorded.pages(question.where, context, asking, since, follows=follows):
                yield page

    def _begin(self) -> None:
        """Files stay as an earlier export left them until there is a page, for what was asked may be wrong."""
        if self._has_begun:
            return
        self._has_begun = True
        for writer, file in self._writers:
            if self._overwrites and file is not sys.stdout.buffer and Path(file.name).is_file():
                file.truncate(0)
            _write(file, writer.begin())

    def _write(self, page: ExportPage) -> None:
        self._begin()
        rows = self._latest.unknown(page.rows) if page.part is Part.RECORDED else self._latest.noted(page.rows)
        for writer, file in self._writers:
            _write(file, writer.page(rows))
            if self._tells_tokens and page.place is not None:
                _write(file, token_line(page.place.token))
            file.flush()
        self._lines += len(rows)
        self._unreadable += page.unreadable
        self._textless += page.textless
        if page.place is not None:
            self.place = page.place


async def _context(local: LocalOperations, namespace: str, organization: str) -> Context:
    tenancy = Tenancy(local.database)
    owner = await tenancy.organization(organization)
    for candidate in await tenancy.namespaces(owner):
        if namespace in (candidate.name, candidate.id):
            return reading_context(owner, candidate)
    raise BadUserInput(f"{owner.name} has no namespace {namespace!r}.")


def _judging(
    format: ExportFormat, model: JudgmentModel | None, max_rank: int | None, min_views: int | None
) -> dict[str, Any]:
    """How judgments are made; what isn't given, as the graph makes them."""
    given = {"--model": model and model.name, "--max-rank": max_rank, "--min-views": min_views}
    told = next((name for name, value in given.items() if value is not None), None)
    if told is not None and not format.is_judged:
        raise typer.BadParameter(f"{format.value} holds no judgments.", param_hint=told)
    values = zip(DEFAULT_JUDGING.items(), given.values(), strict=True)
    return {argument: default if value is None else value for (argument, default), value in values}


def _where(text: str | None) -> Any:
    if text is None:
        return None
    try:
        where = orjson.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"this is no JSON: {error}.", param_hint="--where") from None
    if not isinstance(where, dict):
        raise typer.BadParameter("an InteractionWhere is a JSON object.", param_hint="--where")
    return where


def _place(token: str) -> ExportPlace:
    try:
        return ExportPlace.of(token)
    except BadUserInput as error:
        raise typer.BadParameter(error.message, param_hint="--token") from None


def _require_sensible(format: ExportFormat, *, goes_on: bool, tokens: bool, follow: bool, topics: Path | None) -> None:
    if (goes_on or follow) and (format.is_judged or not format.may_go_on):
        hint = "--token" if goes_on else "--follow"
        raise typer.BadParameter(f"{format.value} is exported as a whole.", param_hint=hint)
    if tokens and format is not ExportFormat.JSONL:
        raise typer.BadParameter("only JSON lines have room for tokens.", param_hint="--tokens")
    if topics is not None and format is not ExportFormat.QRELS:
        raise typer.BadParameter("topics stand beside qrels.", param_hint="--topics")


@contextmanager
def _opened(output: str) -> Iterator[BinaryIO]:
    if output == _STDOUT:
        yield sys.stdout.buffer
        return
    try:
        with Path(output).open("ab") as file:
            yield file
    except OSError as error:
        if error.filename != output:
            raise
        raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from None


def _write(file: BinaryIO, content: bytes) -> None:
    """Writes all of it: a standard output that isn't buffered takes only a part where a signal comes meanwhile."""
    remaining = memoryview(content)
    while remaining:
        remaining = remaining[file.write(remaining) :]


def _named(failure: OperationFailed) -> GatewayError:
    """The first of the errors, with where it is in what was asked."""
    error = failure.errors[0]
    path = ".".join(map(str, error["extensions"].get("path", ())))
    return BadUserInput(f"{path}: {error['message']}" if path else str(error["message"]))
