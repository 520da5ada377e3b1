import asyncio
import os
import shlex
import signal
import socket
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pymongo.errors import OperationFailure
from typer.testing import CliRunner
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from gateway.cli import app
from gateway.compiler.native_backend.extension import BACK_END
from gateway.model import secret_keys
from gateway.store.client import close, open_client
from gateway.store.keys import Keys
from tests.harness.demo_process import Demo, running, start
from tests.harness.waiting import PATIENCE

COUNT = "{ interactions { totalCount } }"
RECORD = """mutation {
  recordInteraction(input: {interactionId: "mine", featureId: "p", interactionType: VIEW}) { created }
}"""
DELETE = 'mutation { deleteInteraction(input: {interactionId: "shop-interaction-0000003"}) { deletedId } }'
READ = """{
  mine: interaction(interactionId: "mine") { featureId }
  deleted: interaction(interactionId: "shop-interaction-0000003") { featureId }
  interactions { totalCount }
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo"), "--interactions", "100") as demo:
        yield demo


def refused(data_dir: Path, *arguments: str, port: str = "0") -> str:
    """The one line that a demo ends with at once."""
    process = start(data_dir, *arguments, port=port)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output, errors.count("\n")) == (1, "", 1)
    return errors


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


def test_the_first_line_says_all_that_a_program_needs(demo: Demo) -> None:
    facts = demo.facts
    assert list(facts) == [
        *("url", "wsUrl", "insightsUrl", "graphiqlUrl", "key", "namespace", "namespaceId", "mongodbUri", "database"),
        *("pid", "dataUntil"),
    ]
    assert facts["url"].startswith("http://127.0.0.1:")
    assert facts["wsUrl"] == facts["url"].replace("http:", "ws:")
    assert facts["pid"] == demo.process.pid
    assert demo.post("{ viewer { namespace { namespaceId name } permissions } }")["data"]["viewer"] == {
        "namespace": {"namespaceId": facts["namespaceId"], "name": facts["namespace"]},
        "permissions": ["READ", "RECORD", "WRITE", "ADMIN"],
    }


def test_there_are_as_many_interactions_as_asked_for_in_two_namespaces(demo: Demo) -> None:
    viewer = demo.post("{ viewer { namespaces { name } } }")["data"]["viewer"]
    assert sorted(namespace["name"] for namespace in viewer["namespaces"]) == ["media", "shop"]
    counts = {
        name: demo.post(COUNT, namespace=name)["data"]["interactions"]["totalCount"] for name in ("shop", "media")
    }
    assert counts == {"shop": 75, "media": 25}
    generated = demo.post('{ interactions(where: {metadata: [{path: "generated", value: true}]}) { totalCount } }')
    assert generated["data"]["interactions"]["totalCount"] == 75


@pytest.mark.parametrize(("name", "path"), [("insightsUrl", "/insights"), ("graphiqlUrl", "/graphql")])
def test_who_asks_for_a_page_gets_no_key(demo: Demo, name: str, path: str) -> None:
    address, _, fragment = demo.facts[name].partition("#")
    assert fragment == f"key={demo.facts['key']}&namespace=shop"
    assert address == demo.facts["url"].replace("/graphql", path)
    page = httpx.get(address, headers={"Accept": "text/html"}, timeout=PATIENCE)
    assert page.status_code == 200
    assert demo.facts["key"][3:] not in page.text


def test_a_browser_that_visits_the_address_alone_finds_the_pages(demo: Demo) -> None:
    address = demo.facts["url"].removesuffix("graphql")
    page = httpx.get(address, headers={"Accept": "text/html"}, follow_redirects=True, timeout=PATIENCE)
    assert (page.status_code, str(page.url)) == (200, f"{address}start")
    assert demo.facts["key"][3:] not in page.text


def test_a_page_that_is_switched_off_has_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for page in ("GRAPHIQL", "INSIGHTS_PAGE"):
        monkeypatch.setenv(f"GATEWAY_{page}", "false")
    with running(tmp_path, "--interactions", "10") as demo:
        assert (demo.facts["graphiqlUrl"], demo.facts["insightsUrl"]) == (None, None)
        for path in ("", "start", "insights"):
            address = demo.facts["url"].replace("graphql", path)
            assert httpx.get(address, headers={"Accept": "text/html"}, timeout=PATIENCE).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8000"])
def test_it_is_called_by_local_names(demo: Demo, host: str) -> None:
    headers = {"Accept": "text/html", "Host": host}
    assert httpx.get(demo.facts["url"], headers=headers, timeout=PATIENCE).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "a@localhost"]
)
def test_a_page_whose_name_leads_here_gets_nothing(demo: Demo, host: str) -> None:
    headers = {"Host": host, "Origin": f"http://{host}", "Authorization": f"Bearer {demo.facts['key']}"}
    with httpx.Client(headers=headers, timeout=PATIENCE) as http:
        for accept in ("text/html", "application/json", "text/event-stream"):
            for answer in (
                http.get(demo.facts["url"], headers={"Accept": accept}),
                http.post(demo.facts["url"], json={"query": "{ __typename }"}, headers={"Accept": accept}),
                http.options(demo.facts["url"], headers={"Access-Control-Request-Method": "POST"}),
            ):
                assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
                assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert http.get(demo.facts["url"].replace("graphql", "healthcheck")).status_code == 200


def test_a_page_whose_name_leads_here_opens_no_websocket(demo: Demo) -> None:
    port = int(demo.facts["url"].rpartition(":")[2].partition("/")[0])
    address, origin = f"ws://evil.example:{port}/graphql", Origin(f"http://evil.example:{port}")
    with (
        socket.create_connection(("127.0.0.1", port)) as connection,
        pytest.raises(InvalidStatus) as refusal,
    ):
        connect(address, sock=connection, origin=origin, subprotocols=[Subprotocol("graphql-transport-ws")])
    assert refusal.value.response.status_code == 403


def test_a_page_of_another_origin_reads_nothing(demo: Demo) -> None:
    headers = {"Origin": "https://evil.example", "Authorization": f"Bearer {demo.facts['key']}"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    for answer in (
        httpx.options(demo.facts["url"], headers=headers | asked, timeout=PATIENCE),
        httpx.post(demo.facts["url"], json={"query": "{ __typename }"}, headers=headers, timeout=PATIENCE),
    ):
        assert "access-control-allow-origin" not in answer.headers
    with pytest.raises(InvalidStatus) as refusal:
        connect(
            demo.facts["wsUrl"], origin=Origin(headers["Origin"]), subprotocols=[Subprotocol("graphql-transport-ws")]
        )
    assert refusal.value.response.status_code == 403


def test_its_database_asks_for_a_password_and_its_files_are_its_users_alone(demo: Demo) -> None:
    uri = demo.facts["mongodbUri"]
    assert asyncio.run(names(uri)) >= {"admin", "gateway"}
    _, _, member = uri.rpartition("@")
    for other in (f"mongodb://{member}", f"mongodb://gateway:wrong@{member}"):
        with pytest.raises(OperationFailure):
            asyncio.run(names(other))
    assert stat.S_IMODE(demo.data_dir.stat().st_mode) == 0o700
    for secret in ("key", "mongod.key", "mongod.password"):
        assert stat.S_IMODE((demo.data_dir / secret).stat().st_mode) == 0o600
    pid = int((demo.data_dir / "db" / "mongod.lock").read_text())
    password = (demo.data_dir / "mongod.password").read_text().strip()
    assert password in uri
    assert password.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert password not in (demo.data_dir / "mongod.log").read_text()


async def names(uri: str) -> set[str]:
    client = open_client(uri)
    try:
        return set(await client.list_database_names())
    finally:
        await close(client)


def test_a_directory_in_which_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    assert refused(tmp_path / "shared") == (
        f"Error: others may write in the data directory {tmp_path}/shared: choose another, or remove it\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    os.chown(tmp_path / "other", 65_534, 65_534)
    assert refused(tmp_path / "other") == (
        f"Error: the data directory {tmp_path}/other is another user's: choose another\n"
    )


def test_a_second_demo_on_the_same_data_ends_with_one_line(demo: Demo) -> None:
    data_dir = demo.data_dir
    assert refused(data_dir) == (
        f"Error: the data directory {data_dir} is in use by process {demo.facts['pid']}: end that or choose another\n"
    )
    assert "data" in demo.post(COUNT)


def test_an_address_that_cannot_be_had_ends_it_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = refused(tmp_path / "new", "--json", port=str(port))
    assert message == f"Error: can't listen on 127.0.0.1:{port}: Address already in use\n"
    assert refused(tmp_path / "new", "--host", "192.0.2.1").startswith("Error: can't listen on 192.0.2.1:0: ")
    assert not (tmp_path / "new").exists()


def test_a_directory_that_cannot_be_used_ends_it_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "data").startswith(
        f"Error: the data directory {tmp_path}/file/data can't be used"
    )


@pytest.mark.slow
def test_what_it_holds_outlives_it(tmp_path: Path) -> None:
    with running(tmp_path, "--interactions", "40") as demo:
        first = demo.facts
        assert demo.post(RECORD)["data"]["recordInteraction"]["created"]
        assert demo.post(DELETE)["data"]["deleteInteraction"]["deletedId"]
        mongod = int((tmp_path / "db" / "mongod.lock").read_text())
        os.kill(first["pid"], signal.SIGKILL)
        demo.process.wait(PATIENCE)
    with running(tmp_path, "--interactions", "40") as demo:
        assert ended(mongod)
        same = ("key", "namespace", "namespaceId", "database")
        assert [demo.facts[name] for name in same] == [first[name] for name in same]
        assert demo.post(READ)["data"] == {
            "mine": {"featureId": "p"},
            "deleted": None,
            "interactions": {"totalCount": 30},
        }
        asyncio.run(revoke(demo.facts["mongodbUri"], demo.facts["database"], first["key"]))
        mongod = int((tmp_path / "db" / "mongod.lock").read_text())
        assert demo.end(signal.SIGTERM) == 0
        assert ended(mongod)
    with running(tmp_path, "--interactions", "80") as demo:
        assert demo.facts["key"] != first["key"]
        assert demo.post(READ)["data"]["interactions"]["totalCount"] == 61
        assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
        assert demo.end(signal.SIGINT) == 0


def ends(demo: Demo) -> tuple[str, str]:
    """When its data end, as it says, and when the newest interaction happened."""
    newest = demo.post("{ interactions(first: 1) { nodes { occurredAt } } }")["data"]["interactions"]["nodes"]
    return demo.facts["dataUntil"], newest[0]["occurredAt"]


@pytest.mark.slow
def test_its_data_end_now_and_a_reset_makes_new_ones_of_what_ended_long_ago(tmp_path: Path) -> None:
    with running(tmp_path, "--interactions", "2000", "--until", "2025-07-01T12:00:00+02:00") as demo:
        first = demo.facts
        until, newest = ends(demo)
        assert until == "2025-07-01T10:00:00.000Z"
        assert "2025-06-30T10" < newest < until
        assert demo.post(RECORD)["data"]["recordInteraction"]["created"]
    # More of them fit to those that there are, whatever the time is now.
    process = start(tmp_path, "--interactions", "2040")
    try:
        assert process.stdout is not None
        welcome = list(iter(process.stdout.readline, "Ctrl-C ends it; the data stay.\n"))
        assert f"  Back end   {BACK_END}\n" in welcome
        [line] = [line for line in welcome if "Data" in line]
        assert line == (
            "  Data       generated, of the sixty days up to 2025-07-01T10:00:00.000Z; "
            "gateway demo --reset makes new ones\n"
        )
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
    with running(tmp_path, "--interactions", "2000", "--reset") as demo:
        until, newest = ends(demo)
        now = datetime.now(UTC)
        assert now - timedelta(hours=2) < datetime.fromisoformat(until) <= now
        assert now - timedelta(days=2) < datetime.fromisoformat(newest) <= now
        assert demo.post(READ)["data"]["mine"] is None
        assert demo.facts["key"] != first["key"]
        message = f"Error: the data directory {tmp_path} is in use by process {demo.facts['pid']}: "
        assert refused(tmp_path, "--reset").startswith(message)
        assert "data" in demo.post(COUNT)


@pytest.mark.slow
def test_what_another_version_generated_stays_as_it_is(tmp_path: Path) -> None:
    with running(tmp_path, "--interactions", "20") as demo:
        asyncio.run(as_of_another_version(demo.facts["mongodbUri"], demo.facts["database"]))
    with running(tmp_path, "--interactions", "4000") as demo:
        assert demo.facts["dataUntil"] is None
        assert demo.post(COUNT)["data"]["interactions"]["totalCount"] == 15


async def as_of_another_version(uri: str, database: str) -> None:
    client = open_client(uri)
    await client[database]["demo"].delete_one({"_id": "edition"})
    await close(client)


@pytest.mark.slow
def test_a_reset_deletes_nothing_that_no_demo_made(tmp_path: Path) -> None:
    for name in ("key", "notes.txt", "db"):
        (tmp_path / name).touch()
        assert refused(tmp_path, "--reset") == (
            f"Error: {tmp_path} is no demo's data directory, or holds more than one: nothing is deleted\n"
        )
        assert [path.name for path in tmp_path.iterdir()] == [name]
        (tmp_path / name).unlink()


def test_an_end_of_the_data_that_is_no_time_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--data-dir", str(tmp_path / "new"), "--until", "yesterday"])
    assert result.exit_code == 2
    assert "Time should be an RFC 3339 date-time" in result.stderr
    assert not (tmp_path / "new").exists()


async def revoke(uri: str, database: str, key: str) -> None:
    client = open_client(uri)
    parsed = secret_keys.parse(key)
    assert parsed is not None
    await Keys(client[database]).revoke(parsed.key_id)
    await close(client)


@pytest.mark.slow
def test_it_can_be_ended_while_it_is_set_up(tmp_path: Path) -> None:
    process = start(tmp_path, "--json", "--interactions", "1000000")
    log = tmp_path / "mongod.log"
    while not (log.exists() and "gateway.interactions" in log.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    # Its indexes come first; a million take minutes.
    time.sleep(1)
    mongod = int((tmp_path / "db" / "mongod.lock").read_text())
    process.terminate()
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (0, "")
    assert "Traceback" not in errors
    assert ended(mongod)


def test_what_is_printed_for_people_can_be_pasted(tmp_path: Path) -> None:
    process = start(tmp_path, "--interactions", "30")
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        # What a newcomer opens comes first.
        page, _, _ = next(line for line in lines if "http" in line).partition("#")
        assert page.split()[0] == "Insights"
        assert httpx.get(page.split()[1], timeout=PATIENCE).status_code == 200
        curl = next(line for line in lines if line.strip().startswith("curl "))
        _, url, *options = shlex.split(curl)
        headers = dict(
            value.split(": ", 1) for flag, value in zip(options[::2], options[1::2], strict=True) if flag == "-H"
        )
        body = options[options.index("-d") + 1]
        answer = httpx.post(url, content=body, headers=headers, timeout=PATIENCE).json()
        assert len(answer["data"]["interactions"]["nodes"]) == 3
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert "Generating shop" in errors
    assert process.returncode == 0
