"""The mutations that erase by a job: each with its input, its command, and its payload."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.errors import BadUserInput, Forbidden
from gateway.model.jobs import told
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan import erasures
from gateway.plan.access_path import choose_access_path
from gateway.plan.commands import Document
from gateway.plan.cost import JOB_STARTED
from gateway.plan.erasures import Erasure
from gateway.plan.sources.input_values import InputValue
from gateway.plan.sources.source import Source, SourceArguments
from gateway.plan.sources.writes import BoundWrite, require_done
from gateway.plan.write_commands import Erase, Recorded

_LATEST_FIRST = time_order(INTERACTION, descending=True)


@dataclass(frozen=True, slots=True)
class UserErasure(Source):
    """All that names a user, to be erased."""

    def bind(self, arguments: SourceArguments) -> "BoundUserErasure":
        return BoundUserErasure(arguments.input())


@dataclass(frozen=True, slots=True)
class SessionErasure(Source):
    """A session, to be erased."""

    def bind(self, arguments: SourceArguments) -> "BoundSessionErasure":
        return BoundSessionErasure(arguments.input())


@dataclass(frozen=True, slots=True)
class SearchRequestErasure(Source):
    """A search request, to be erased."""

    def bind(self, arguments: SourceArguments) -> "BoundSearchRequestErasure":
        return BoundSearchRequestErasure(arguments.input())


@dataclass(frozen=True, slots=True)
class InteractionsErasure(Source):
    """The interactions that match a filter, to be erased."""

    def bind(self, arguments: SourceArguments) -> "BoundInteractionsErasure":
        return BoundInteractionsErasure(arguments.input())


@dataclass(frozen=True, slots=True)
class BoundErasure(BoundWrite):
    """An erasure to be begun."""

    input: InputValue

    @property
    def keeps_to_user(self) -> bool:
        return True

    @property
    def surcharge(self) -> int:
        return JOB_STARTED

    def command(self, context: Context) -> Erase:
        return Erase(context.reach, self.erasure(context), context.caller)

    @abstractmethod
    def erasure(self, context: Context) -> Erasure:
        """What is to be erased; raises `GatewayError` with a path from ``input`` down."""

    def payload(self, result: Any, context: Context) -> Document:
        require_done(result)
        return {"job": Recorded(told(result), created=True)}

    def _id(self, name: str) -> str:
        id: str = self.input.value[name]
        if not id:
            # Nothing that is recorded has none.
            raise BadUserInput(f"`{name}` should have at least one character.", path=("input", name))
        return id


@dataclass(frozen=True, slots=True)
class BoundUserErasure(BoundErasure):
    """The erasure of what names a user."""

    def erasure(self, context: Context) -> Erasure:
        user_id, own_id = self._id("userId"), context.caller.user_id
        if own_id not in (None, user_id):
            raise Forbidden("This token may erase what its own user did, and this names another one.")
        return erasures.of_user(user_id, alone=own_id is not None)


@dataclass(frozen=True, slots=True)
class BoundSessionErasure(BoundErasure):
    """The erasure of a session."""

    def erasure(self, context: Context) -> Erasure:
        return erasures.of_session(self._id("sessionId"))


@dataclass(frozen=True, slots=True)
class BoundSearchRequestErasure(BoundErasure):
    """The erasure of a search request."""

    def erasure(self, context: Context) -> Erasure:
        with_interactions = self.input.value["withInteractions"]
        return erasures.of_search_request(self._id("searchRequestId"), with_interactions=with_interactions)


@dataclass(frozen=True, slots=True)
class BoundInteractionsErasure(BoundErasure):
    """The erasure of the interactions that match a filter."""

    def erasure(self, context: Context) -> Erasure:
        where = self.input.field("where")
        # Anywhere else what it is the value of would be left out; here that would delete more.
        if (unsent := next(iter(where.unsent()), None)) is not None:
            raise BadUserInput(erasures.NOT_SENT, path=unsent)
        predicate = where.predicate()
        if predicate.outcome_at:
            raise BadUserInput(
                "Interactions can't be deleted by `outcome`: that changes while they are.", path=predicate.outcome_at
            )
        if predicate.nothing:
            raise BadUserInput("This filter matches nothing, whatever is recorded.", path=where.path)
        if (empty := erasures.demands_nothing_at(where.value)) is not None:
            raise BadUserInput(erasures.DEMANDS_NOTHING, path=(*where.path, *empty))
        return erasures.of_interactions(choose_access_path(INTERACTION, _LATEST_FIRST, predicate), predicate.times)
