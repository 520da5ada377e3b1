"""The mutations of namespaces that there are: how long they keep what is recorded, and their end."""

from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.errors import BadUserInput
from gateway.model.jobs import told
from gateway.plan.commands import Document
from gateway.plan.cost import JOB_STARTED, KEY_CHANGED
from gateway.plan.sources.input_values import InputValue
from gateway.plan.sources.source import Source, SourceArguments
from gateway.plan.sources.writes import BoundWrite, require_done
from gateway.plan.viewer_documents import namespace_document
from gateway.plan.write_commands import DeleteNamespace, Recorded, SetRetention

_NAMES = {"retention_days": "retentionDays"}


@dataclass(frozen=True, slots=True)
class RetentionSetting(Source):
    """The retention of a namespace, to be set."""

    def bind(self, arguments: SourceArguments) -> "BoundRetentionSetting":
        return BoundRetentionSetting(arguments.input())


@dataclass(frozen=True, slots=True)
class NamespaceDeletion(Source):
    """A namespace of the caller's organization to delete."""

    def bind(self, arguments: SourceArguments) -> "BoundNamespaceDeletion":
        return BoundNamespaceDeletion(arguments.input())


@dataclass(frozen=True, slots=True)
class BoundRetentionSetting(BoundWrite):
    """The retention of the caller's namespace."""

    input: InputValue

    @property
    def surcharge(self) -> int:
        return KEY_CHANGED

    def command(self, context: Context) -> SetRetention:
        values = self.input.value
        if "retentionDays" not in values:
            # A variable that wasn't sent is no wish to keep everything for good.
            raise BadUserInput(
                "`retentionDays` is required: a number of days, or null.", path=("input", "retentionDays")
            )
        return SetRetention(context.namespace, values["retentionDays"], context.caller)

    def payload(self, result: Any, context: Context) -> Document:
        require_done(result, _NAMES)
        return {"namespace": Recorded(namespace_document(result), created=False)}


@dataclass(frozen=True, slots=True)
class BoundNamespaceDeletion(BoundWrite):
    """The deletion of one namespace."""

    input: InputValue

    @property
    def in_namespace(self) -> bool:
        return False

    @property
    def surcharge(self) -> int:
        return JOB_STARTED

    def command(self, context: Context) -> DeleteNamespace:
        values = self.input.value
        return DeleteNamespace(context.reach, values["namespaceId"], values["name"], context.caller)

    def payload(self, result: Any, context: Context) -> Document:
        require_done(result)
        return {"job": Recorded(told(result), created=True)}
