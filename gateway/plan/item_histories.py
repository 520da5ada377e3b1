"""The command that reads what was done with items, for their signals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.context import Context, Namespace
from gateway.insights.decayed_days import decayed_days, histories
from gateway.insights.feature_signals import ItemHistory, SignalParameters
from gateway.model.derived_documents import ITEM_DAYS
from gateway.plan.commands import Aggregation, Document


@dataclass(frozen=True, slots=True)
class ItemHistories(Aggregation[Mapping[str, ItemHistory]]):
    """For each of ``feature_ids``: what was done with the item until ``as_of``, decayed; one that nothing was done with
    is absent."""

    collection: str = field(default=ITEM_DAYS, kw_only=True)
    hint: str = field(default="item", kw_only=True)
    namespace: Namespace
    feature_ids: Sequence[str]
    parameters: SignalParameters
    as_of: datetime

    @property
    def examines(self) -> bool:
        return True

    @property
    def pipeline(self) -> list[Document]:
        return [*decayed_days(self.namespace.id, self.feature_ids, self.parameters, self.as_of)]

    def result(self, rows: Sequence[Document]) -> Mapping[str, ItemHistory]:
        return histories(rows)


def item_histories(context: Context, feature_ids: Sequence[str], parameters: SignalParameters) -> ItemHistories:
    """Until the time of the parameters, else until now."""
    as_of = parameters.as_of or datetime.now(UTC)
    return ItemHistories(context.namespace, feature_ids, parameters, as_of)
