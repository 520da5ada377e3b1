import csv
from io import StringIO
from typing import Any

import pytest

from gateway.errors import BadUserInput
from gateway.interchange import csv_table
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Candidate, Entry, SearchCandidate, Skipped
from gateway.interchange.field_mapping import assignments
from gateway.interchange.lines import LINE_LIMIT
from gateway.interchange.temporary_database import temporary_database
from tests.interchange.test_csv_rows import LINE_ENDS
from tests.interchange.test_jsonl import source


def read(content: bytes | str, *columns: str) -> list[Entry]:
    content = content if isinstance(content, bytes) else content.encode()
    with temporary_database() as database:
        return list(csv_table.entries(source(content), database, assignments(columns)))


def wires(content: str, *columns: str) -> list[dict[str, Any]]:
    return [entry.wire for entry in read(content, *columns) if isinstance(entry, Candidate | SearchCandidate)]


def test_a_row_is_an_interaction_by_the_names_of_its_columns() -> None:
    header = (
        "interaction_id,feature_id,interactionType,position,score,metadata.device,search_request.queries.0.value,note"
    )
    assert wires(f"{header}\ni1,007,VIEW,3,0.5,phone,red lamp,x\ni2,p2,click,,,,,\n") == [
        {
            "interaction_id": "i1",
            "feature_id": "007",
            "interaction_type": "view",
            "position": 3,
            "score": 0.5,
            "metadata": {"device": "phone"},
            "search_request": {
                "queries": [{"value": "red lamp", "vector_index": "keyword", "type": "text"}],
                "collections": [],
            },
            "note": "x",
        },
        {"interaction_id": "i2", "feature_id": "p2", "interaction_type": "click"},
    ]


def test_a_name_of_the_contract_may_have_blanks_beside_it() -> None:
    header = "feature_id, interaction_type, search_request.queries.0.value, search_request.queries.0.vector_index\n"
    told = [
        (wire["interaction_type"], wire["search_request"]["queries"][0]["vector_index"])
        for wire in wires(header + "p1, View,lamp, TEXT \np2, watched ,lamp,sparse \n")
    ]
    assert told == [("view", "text"), (" watched ", "sparse ")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_are_parted_as_the_header_is(delimiter: str) -> None:
    content = f"feature_id{delimiter}interaction_type{delimiter}user_id\np{delimiter}view{delimiter}u\n"
    assert [wire["user_id"] for wire in wires(content)] == ["u"]


def test_a_cell_may_have_what_parts_cells_and_lines() -> None:
    content = '\ufefffeature_id,interaction_type,metadata.text\r\n"a,""b""",view,"one\r\n two"\r\n\r\np2,view,\r\n'
    header, first, blank, second = read(content)
    assert isinstance(header, Auxiliary)
    assert header.kind is AuxiliaryKind.HEADER
    assert isinstance(first, Candidate)
    assert (first.wire["feature_id"], first.line.number) == ('a,"b"', 2)
    assert first.wire["metadata"]["text"] == "one\r\n two"
    assert isinstance(blank, Auxiliary)
    assert second.line.number == 5


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_cell_keeps_the_line_ends_within_it_whichever_ends_the_rows(line_end: str) -> None:
    """A text as a form sends it has CRLF; an import that changed it would not find what it recorded before."""
    texts = [*LINE_ENDS, *(f"a{end}b" for end in LINE_ENDS), *(f"x{end}" for end in LINE_ENDS), "a\r\n\r\n\nb\r\r\nc"]
    rows = ["feature_id,metadata.text,interaction_type", *(f'"{text}","{text}",view' for text in texts)]
    told = [(wire["feature_id"], wire["metadata"]["text"]) for wire in wires(line_end.join(rows))]
    assert told == [(text, text) for text in texts]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"p1,view,u,more", "WRONG_NUMBER_OF_CELLS"),
        (b"p1", "WRONG_NUMBER_OF_CELLS"),
        (b'p1,"view"x,u', "INVALID_CSV"),
        (b"p1,\xff,u", "INVALID_UTF8"),
        (b'p1,view,"' + b"x" * LINE_LIMIT + b'"', "LINE_TOO_LONG"),
    ],
)
def test_a_row_that_can_not_be_read_costs_itself_alone(row: bytes, reason: str) -> None:
    _, skipped, after = read(b"feature_id,interaction_type,user_id\n" + row + b"\np2,view,u\n")
    assert isinstance(skipped, Skipped)
    assert (skipped.line.number, skipped.reason) == (2, reason)
    assert isinstance(after, Candidate)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_quotation_mark_within_a_cell_is_a_character(delimiter: str) -> None:
    rows = [
        "feature_id,interaction_type,metadata.size",
        'p1,view,5" nail',
        '"p2",view,"7"" or',
        ' 9"" nail"',
        "p3,view,8",
    ]
    content = "\n".join(row.replace(",", delimiter) for row in rows)
    assert [wire["metadata"]["size"] for wire in wires(content)] == ['5" nail', '7" or\n 9" nail', "8"]


def test_a_quotation_mark_that_is_not_closed_ends_where_a_row_is_too_long() -> None:
    content = b'feature_id,interaction_type\n"p1,view\n' + b"p2,view\n" * (LINE_LIMIT // 6)
    _, skipped, *others = read(content)
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "LINE_TOO_LONG"
    assert len([entry for entry in others if isinstance(entry, Candidate)]) > 1_000


def test_blank_lines_behind_an_open_quotation_mark_are_kept_no_longer_than_a_row_may_be() -> None:
    blank_line = b"\r" * 999 + b"\n"
    content = b'feature_id,interaction_type\n"p1,view\n' + blank_line * (LINE_LIMIT // 500) + b"p2,view\n"
    _, skipped, *blank, candidate = read(content)
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "LINE_TOO_LONG"
    # Half of them are as long as a row may be.
    assert len(blank) == pytest.approx(LINE_LIMIT / 1_000, abs=5)
    assert isinstance(candidate, Candidate)


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        ("feature_id,featureId", (), "columns feature_id and featureId both hold feature_id"),
        ("feature_id,sku", ("sku=feature_id",), "as in --map feature_id=metadata.feature_id"),
        # Nothing else tells which is meant.
        ("feature_id, feature_id", (), "names feature_id twice: rename"),
        ("feature_id,price,price", (), "names price twice: rename"),
        ("feature_id,a,a", (), "names a twice: rename"),
        ("feature_id,kind", ("type=interaction_type",), "no column type: its header has feature_id, kind"),
    ],
)
def test_a_header_that_contradicts_is_refused(header: str, columns: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        read(f"{header}\np,view\n", *columns)


@pytest.mark.parametrize("index", ["999999999", "9" * 5_000])
def test_a_header_that_counts_far_in_a_list_takes_no_place_for_it(index: str) -> None:
    """A list of as many entries ended the import of all other files as well."""
    [wire] = wires(f"feature_id,interaction_type,search_request.filters.AND.{index}.key\np,view,brand\n")
    assert wire["search_request"]["filters"]["AND"] == {index: {"key": "brand"}}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("cells", "path"),
    [
        ({"metadata": "[1]", "metadata.a": "x"}, ("metadata", "a")),
        ({"metadata": '{"a":1}', "metadata.a": "2"}, ("metadata", "a")),
        ({"metadata": '{"a":{"b":1}}', "metadata.a": "2"}, ("metadata", "a")),
        ({"metadata.a.b": "1", "metadata.a": "2"}, ("metadata", "a", "b")),
        ({"metadata.a.b.c": "1", "metadata": '{"a":{"b":"1"}}'}, ("metadata", "a", "b", "c")),
        ({"own.a": "1", "own": "2"}, ("own", "a")),
        (
            {"search_request.queries": '[{"value":"lamp"}]', "search_request.queries.0.value": "desk"},
            ("search_request", "queries", "0", "value"),
        ),
    ],
)
def test_columns_that_say_different_things_of_one_field_are_refused_where_they_meet(
    cells: dict[str, str], path: tuple[str, ...], order: int
) -> None:
    """In whichever order they stand: nothing is lost without a word."""
    _, skipped, other = read(table(cells, dict.fromkeys(cells, ""), order=order))
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.path) == ("BAD_USER_INPUT", path)
    assert skipped.message == "Two columns say different things of one field"
    assert isinstance(other, Candidate)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("cells", "metadata"),
    [
        ({"metadata": '{"b":1}', "metadata.a": "2"}, {"b": 1, "a": "2"}),
        ({"metadata": '{"a":"2"}', "metadata.a": "2"}, {"a": "2"}),
        ({"metadata": "", "metadata.a": "2"}, {"a": "2"}),
        ({"metadata": '{"a":2}', "metadata.a": ""}, {"a": 2}),
        ({"metadata": "null", "metadata.a": "2"}, {"a": "2"}),
        ({"metadata.a": "", "metadata.a.b": "1"}, {"a": {"b": "1"}}),
    ],
)
def test_columns_within_each_other_are_put_together(
    cells: dict[str, str], metadata: dict[str, Any], order: int
) -> None:
    [wire] = wires(table(cells, order=order))
    assert wire["metadata"] == metadata


def table(*rows: dict[str, str], order: int) -> str:
    """Rows of the same columns, and those that each has to have; in this order or, with -1, in reverse."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(["feature_id", "interaction_type", *rows[0]][::order])
    writer.writerows(["p", "view", *row.values()][::order] for row in rows)
    return text.getvalue()
