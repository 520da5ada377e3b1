"""What people's reactions say of an item, and by which arguments."""

from typing import Annotated

import strawberry

from gateway.insights.type_weights import NEGATIVE, POPULARITY, POSITIVE, described
from gateway.schema.readings import stored
from gateway.schema.recording_inputs import RankingWeightsInput
from gateway.schema.scalars import DateTime

HalfLifeDays = Annotated[
    float,
    strawberry.argument(
        description="""After so many days a reaction counts half: its weight is 2^(-age / halfLifeDays), its age in
whole days of UTC between its own and that of `asOf`. Above 0."""
    ),
]
MinInteractions = Annotated[
    int,
    strawberry.argument(
        description="""With fewer interactions `feedback` is 0; so many clicks make `popularity` a half. 1 or more."""
    ),
]
Weights = Annotated[
    RankingWeightsInput | None,
    strawberry.argument(
        description="""How much feedback and popularity count in `score`: they sum to 1.0, and one that is not given is
0. Where none is given each is 0.5."""
    ),
]
AsOf = Annotated[
    DateTime | None,
    strawberry.argument(description="Interactions after this time don't count; after now, where none is given."),
]


def signals_signature(
    half_life_days: HalfLifeDays = 7.0,
    min_interactions: MinInteractions = 5,
    weights: Weights = strawberry.UNSET,
    as_of: AsOf = strawberry.UNSET,
) -> None: ...


@strawberry.type(
    description="""What people's reactions say of an item. Interactions are decayed: each counts
2^(-age / halfLifeDays), its age in whole days of UTC. One of several types counts for each of them. They are known
within about two seconds of being recorded."""
)
class FeatureSignals:
    views: float = stored("views", description="Its VIEW interactions, decayed.")
    clicks: float = stored("clicks", description="Its CLICK interactions, decayed.")
    positives: float = stored(
        "positives", description=f"P, its positive interactions, decayed and weighed: {described(POSITIVE)}."
    )
    negatives: float = stored(
        "negatives", description=f"N, its negative interactions, decayed and weighed: {described(NEGATIVE)}."
    )
    skips: float = stored("skips", description="Its SKIP interactions, decayed.")
    average_duration_ms: float | None = stored(
        "average_duration_ms",
        description="""The mean `durationMs` of the interactions that have one, in milliseconds; not decayed. Null where
none has.""",
    )
    interactions: int = stored("interactions", description="How many interactions with it there are; not decayed.")
    feedback: float = stored(
        "feedback",
        description="""(P - N) / (P + N + 2), above -1 and below 1. 0 where it has fewer interactions than
`minInteractions`.""",
    )
    popularity: float = stored(
        "popularity",
        description=f"""s / (s + minInteractions), from 0 to below 1; s are its interactions, decayed and weighed:
{described(POPULARITY)}.""",
    )
    score: float = stored(
        "score", description="weights.feedback · feedback + weights.popularity · popularity, above -1 and below 1."
    )
