"""Jobs, listed, and told of as they go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bson import Timestamp

from gateway.context import Context
from gateway.errors import NotFound
from gateway.model.jobs import JOB, JOB_INDEXES, JOB_PROGRESS
from gateway.model.kinds import Kind, time_order
from gateway.plan.access_path import AccessPath, scan_of_ids
from gateway.plan.commands import Document, Find, Scan
from gateway.plan.paging import Window, counted_up_to
from gateway.plan.predicate import Conjunct, Lookup, Predicate
from gateway.plan.projection import projection
from gateway.plan.sources.insertions import BoundInsertions, Subject
from gateway.plan.sources.listings import BoundListing, ListingQuery
from gateway.plan.sources.source import Source, SourceArguments

_BY_ID, _BY_TIME = JOB_INDEXES


@dataclass(frozen=True, slots=True)
class JobListing(Source):
    """The namespace's jobs, the latest first."""

    @property
    def page_type(self) -> str:
        return JOB.type_name

    def bind(self, arguments: SourceArguments) -> BoundListing:
        order = time_order(JOB, descending=True)
        paths, bounds = arguments.paths[JOB.type_name], arguments.bounds
        query = ListingQuery(
            Predicate(),
            AccessPath(_BY_TIME, None, ()),
            projection(paths, order.path, "_id") if arguments.cursors else projection(paths),
            bounds,
            counted_up_to(bounds),
            arguments.variables,
            surcharge=0,
        )
        return BoundListing(query, Window.of(arguments.values, order, arguments.page_size))


@dataclass(frozen=True, slots=True)
class JobProgress(Source):
    """What a job has come to, each time that it is told: the root of a subscription."""

    def bind(self, arguments: SourceArguments) -> "BoundJobProgress":
        paths = arguments.paths[JOB.type_name]
        return BoundJobProgress(arguments.values["jobId"], projection(paths, "_id"))


@dataclass(frozen=True, slots=True)
class BoundJobProgress(BoundInsertions):
    """The progress of one job."""

    job_id: str
    projection: Document

    @property
    def kind(self) -> Kind:
        return JOB_PROGRESS

    def subject(self, context: Context) -> Subject:
        scan = Scan(context.reach, JOB, Lookup(JOB.id_path, (self.job_id,)))
        return Subject(
            Find(scan, {"_id": 1}, (), 1, _BY_ID.name),
            NotFound("The namespace has no job with this id.", path=("jobId",)),
        )

    def commands(self, context: Context, ids: Sequence[Any], since: Timestamp) -> Sequence[Find]:
        named = Conjunct({JOB_PROGRESS.id_path: {"$eq": self.job_id}}, "jobId")
        scan = scan_of_ids(context.reach, JOB_PROGRESS, ids, Predicate((named,)))
        return (Find(scan, self.projection, (), len(ids), "_id_", (), since),)
