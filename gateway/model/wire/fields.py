"""The declared fields of the REST wire shape, as pydantic models that only check: unknown keys pass unseen."""

from math import fsum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

MAX_TYPES = 20
MAX_NAME = 64

Id = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]
Direction = Annotated[str, StringConstraints(pattern=r"^(?i:asc|desc)$")]
Path = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=1)]


def _names(value: Any) -> Any:
    names = value if isinstance(value, list) else [value]
    if not 1 <= len(names) <= MAX_TYPES:
        raise PydanticCustomError("names", f"List should have 1 to {MAX_TYPES} items")
    if not all(isinstance(name, str) and 1 <= len(name) <= MAX_NAME for name in names):
        raise PydanticCustomError(
            "names", f"Value should be a string of 1 to {MAX_NAME} characters, or a list of such strings"
        )
    return value


class _Fields(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


def _no_reference(value: Any) -> Any:
    raise PydanticCustomError("reference", 'Only metadata and the values of conditions may hold objects with "$ref"')


class _Embedded(_Fields):
    """The driver reads an embedded object with ``$ref`` and ``$id`` as a database reference: its fields were lost."""

    reference: Annotated[Any, AfterValidator(_no_reference), Field(alias="$ref")] = None


class Settings(_Embedded):
    limit: Count | None = None
    min_score: Number | None = None
    modality: Name | None = None


class Query(_Embedded):
    """``value`` may be a whole base64 image: the document's limit bounds it."""

    vector_index: Name
    value: str
    type: Name
    settings: Settings | None = None


class Sort(_Embedded):
    field: Path
    direction: Direction | None = None


class GroupBy(_Embedded):
    field: Path | None = None
    max_features: Count | None = None
    sort: Sort | None = None


class Weights(_Embedded):
    feedback: Weight | None = None
    popularity: Weight | None = None

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        given = [weight for weight in (self.feedback, self.popularity) if weight is not None]
        if given and abs(fsum(given) - 1.0) > 1e-6:
            raise PydanticCustomError("weights", "Weights should sum to 1.0 (within 1e-6); a missing one is 0")
        return self


class RerankingOptions(_Embedded):
    weights: Weights | None = None
    enable_reranking: bool | None = None


class SearchRequest(_Embedded):
    search_request_id: Id | None = None
    queries: Annotated[list[Query], Field(max_length=100)]
    collections: Annotated[list[Id], Field(max_length=100)]
    group_by: GroupBy | None = None
    sort: Sort | None = None
    select: Annotated[list[Path], Field(max_length=1000)] | None = None
    reranking_options: RerankingOptions | None = None
    session_id: Id | None = None
    return_url: bool | None = None


class Interaction(_Fields):
    """An interaction; ``interaction_type`` is one, or several per event as later generations record them."""

    feature_id: Id
    interaction_type: Annotated[Any, AfterValidator(_names)]
    interaction_id: Id | None = None
    search_request: SearchRequest | None = None
    search_request_id: Id | None = None
    position: Count | None = None
    duration_ms: Count | None = None
    metadata: dict[str, Any] | None = None
    session_id: Id | None = None
    user_id: Id | None = None
