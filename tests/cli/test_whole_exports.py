import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.cli.test_export_command import Shop


@pytest.mark.parametrize(("format", "told"), [("parquet", "2 lines exported."), ("qrels", "1 judgments exported.")])
def test_what_is_exported_as_a_whole_is_counted_as_what_it_is(
    mongod: EmbeddedServer, database_name: str, format: str, told: str
) -> None:
    shop = Shop(mongod.uri, database_name)
    request = {
        "search_request_id": "q",
        "queries": [{"vector_index": "text", "type": "text", "value": "lamp"}],
        "collections": ["c"],
    }
    shop.record(0, interaction_type="view", position=0, search_request=request)
    model = ("--model", "sdbn") if format == "qrels" else ()
    assert shop.run("--format", format, *model).stderr.splitlines() == [told]


@pytest.mark.parametrize("format", ["qrels", "topics", "ranx", "quepid", "workbench"])
def test_judgments_of_searches_without_a_text_are_left_out_and_counted(
    mongod: EmbeddedServer, database_name: str, format: str
) -> None:
    shop = Shop(mongod.uri, database_name)
    request = {"search_request_id": "browsed", "queries": [], "collections": ["c"]}
    shop.record(0, 1, interaction_type="view", position=0, search_request=request)
    nothing = shop.run("--format", format, "--model", "sdbn")
    assert nothing.stderr.splitlines() == [
        "2 judgments of searches without a text were left out.",
        "0 judgments exported.",
    ]
    assert "p0" not in nothing.stdout
