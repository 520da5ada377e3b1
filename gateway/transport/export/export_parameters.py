"""What the address of an export asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from gateway.errors import BadRequest, BadUserInput
from gateway.execution.export_pages import DEFAULT_JUDGING, ExportPlace, ExportQuestion
from gateway.interchange.export_formats import ExportFormat
from gateway.preparation.json_requests import parsed_json

_JUDGING = ("model", "maxRank", "minViews")
_NAMES = ("format", "where", "after", "first", "tokens", *_JUDGING)
_MAX_PARAMETERS = 20
_MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class ExportParameters:
    """An export. ``place``: where it begins; ``first``: the lines of the one page that is asked for, None: all that
    there are; ``tells_tokens``: each page ends with a line that says where to go on; ``given``: what was sent."""

    format: ExportFormat
    question: ExportQuestion
    place: ExportPlace
    goes_on: bool
    first: int | None
    tells_tokens: bool
    given: Mapping[str, str]

    def next_page(self, place: ExportPlace) -> str:
        """The reference to the page at a place."""
        return "?" + urlencode({**self.given, "after": place.token})


def export_parameters(query_string: bytes, *, page_limit: int, entry_limit: int) -> ExportParameters:
    """What an address asks for; raises `BadUserInput` for what is no such parameter, with its name as the path."""
    given = _given(query_string)
    format = _format(given.get("format"))
    first = None if "first" not in given else _number(given, "first", 0, least=1)
    if first is not None and first > page_limit:
        raise BadUserInput(f"`first` must be between 1 and {page_limit:,}, not {first}.", path=("first",))
    token = given.get("after")
    if not format.may_go_on and (first is not None or token is not None):
        raise BadUserInput(f"{format.value} is exported as a whole: without `first` and `after`.", path=("format",))
    tells_tokens = given.get("tokens") == "true"
    if given.get("tokens", "false") not in ("true", "false"):
        raise BadUserInput("`tokens` must be true or false.", path=("tokens",))
    if tells_tokens and format is not ExportFormat.JSONL:
        raise BadUserInput("Only JSON lines have room for tokens.", path=("tokens",))
    if not format.is_judged and (told := next((name for name in _JUDGING if name in given), None)):
        raise BadUserInput(f"{format.value} holds no judgments: leave `{told}` out.", path=(told,))
    judging = {
        "model": given.get("model", DEFAULT_JUDGING["model"]).upper(),
        "maxRank": _number(given, "maxRank", DEFAULT_JUDGING["maxRank"]),
        "minViews": _number(given, "minViews", DEFAULT_JUDGING["minViews"]),
    }
    question = ExportQuestion(
        where=_where(given.get("where"), entry_limit),
        judged=format.is_judged,
        judging=judging,
        joins=format.joins,
        encoded=format.takes_json,
    )
    return ExportParameters(
        format=format,
        question=question,
        place=ExportPlace(question.first_part) if token is None else _place(token),
        goes_on=token is not None,
        first=first,
        tells_tokens=tells_tokens,
        given=given,
    )


def _given(query_string: bytes) -> Mapping[str, str]:
    try:
        address = query_string.decode("ascii")
        pairs = parse_qsl(address, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise BadUserInput("The parameters of the address are not percent-encoded UTF-8, or too many.") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in _NAMES:
            # A `where` that is misspelt would export everything.
            raise BadUserInput(f"There is no such parameter; there are {', '.join(_NAMES)}.", path=(name,))
        if name in given:
            raise BadUserInput("A parameter of the address may be given only once.", path=(name,))
        given[name] = value
    # An empty parameter is as good as none: forms send them.
    return {name: value for name, value in given.items() if value}


def _format(name: str | None) -> ExportFormat:
    try:
        return ExportFormat(name)
    except ValueError:
        names = ", ".join(format.value for format in ExportFormat)
        raise BadUserInput(f"`format` must be one of {names}.", path=("format",)) from None


def _where(text: str | None, entry_limit: int) -> Any:
    if text is None:
        return None
    try:
        where, unfit = parsed_json(text.encode(), "where", max_entries=entry_limit)
        if unfit is not None:
            raise unfit.error()
    except BadRequest:
        raise BadUserInput("`where` must be JSON, an InteractionWhere of the graph.", path=("where",)) from None
    except BadUserInput as error:
        raise BadUserInput(error.message, path=("where", *error.path)) from None
    if not isinstance(where, dict):
        raise BadUserInput("`where` must be a JSON object, an InteractionWhere of the graph.", path=("where",))
    return where


def _place(token: str) -> ExportPlace:
    try:
        return ExportPlace.of(token)
    except BadUserInput as error:
        raise type(error)(error.message, path=("after",)) from None


def _number(given: Mapping[str, str], name: str, default: int, *, least: int = 0) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS and int(text) >= least):
        raise BadUserInput(f"`{name}` must be a whole number of {least} or more.", path=(name,))
    return int(text)
