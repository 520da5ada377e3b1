"""What can be said of the container files without building them."""

import json
import os
import re
import subprocess
import sys
import tomllib
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from gateway.limits import ConnectionLimits
from gateway.settings import Settings

ROOT = Path(__file__).parents[2]
# One instruction a line.
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
FINAL_STAGE = DOCKERFILE[max(number for number, line in enumerate(DOCKERFILE) if line.startswith("FROM ")) :]
# Folders of pages, each built by a stage of that name.
PAGES = ["graphiql", "insights-page"]
COMPOSE = (ROOT / "compose.yaml").read_text()


def final(instruction: str) -> str:
    """The one use of ``instruction`` in the image that is shipped."""
    [line] = [line for line in FINAL_STAGE if line.startswith(f"{instruction} ")]
    return line.removeprefix(instruction).strip()


def test_the_image_is_slim_and_copies_what_another_stage_built() -> None:
    images = dict(line.removeprefix("ARG ").split("=", 1) for line in DOCKERFILE if line.startswith("ARG "))
    assert FINAL_STAGE[0] == "FROM ${PYTHON}"
    assert images["PYTHON"].partition("@")[0].endswith("-slim")
    assert [line.split()[-1] for line in DOCKERFILE if line.startswith("FROM ")][:-1] == [
        *PAGES,
        *("rust", "native", "build"),
    ]
    assert final("COPY").startswith("--from=build ")


@pytest.mark.parametrize("page", PAGES)
def test_the_image_carries_the_built_pages_and_no_leftover_of_a_local_build(page: str) -> None:
    [vite] = (ROOT / page).glob("vite.config.*")
    [built] = re.findall(r'outDir: "\.\./([^"]+)"', vite.read_text())
    assert f"COPY --from={page} /src/{built} {built}" in DOCKERFILE
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {built.rpartition("/")[0], "**/node_modules", f"!{page}/"} <= set(ignored)


def test_the_insights_page_is_built_beside_the_schema_that_it_reads() -> None:
    stage = DOCKERFILE[DOCKERFILE.index("FROM ${NODE} AS insights-page") :]
    assert stage.index("COPY schema.graphql /src/") < stage.index("RUN npm run build")
    assert "!schema.graphql" in (ROOT / ".dockerignore").read_text().splitlines()


def stage(name: str) -> list[str]:
    """The instructions of the stage of that name."""
    [begin] = [number for number, line in enumerate(DOCKERFILE) if re.fullmatch(rf"FROM \S+ AS {name}", line)]
    end = next(number for number, line in enumerate(DOCKERFILE) if number > begin and line.startswith("FROM "))
    return DOCKERFILE[begin:end]


def test_the_image_carries_the_native_back_end_or_isnt_built() -> None:
    # Linked to the C library of the image that it runs on.
    assert stage("native")[0].split()[1] == stage("build")[0].split()[1] == FINAL_STAGE[0].split()[1]
    [built] = [line for line in stage("native") if "pip wheel" in line]
    [directory] = re.findall(r"--wheel-dir (\S+) \./native", built)
    assert f"COPY --from=native {directory} {directory}" in stage("build")
    [installed] = [line for line in stage("build") if f"--no-index {directory}/*.whl" in line]
    assert installed.endswith("/opt/gateway/bin/gateway --version | grep '(native '")
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"!native/", "native/target", "native/build"} <= set(ignored)


def test_the_native_back_end_is_built_of_the_crates_that_are_locked() -> None:
    declared = tomllib.loads((ROOT / "native/pyproject.toml").read_text())
    assert declared["tool"]["maturin"]["locked"] is True
    assert {"Cargo.lock", "Cargo.toml"} <= {file.name for file in (ROOT / "native").iterdir()}


def test_the_image_has_no_compiler() -> None:
    assert not re.search(r"\b(apt-get|apk|gcc|cargo|build-essential|pip)\b", "\n".join(FINAL_STAGE))


def test_the_image_serves_as_an_ordinary_user() -> None:
    assert int(final("USER")) > 0
    assert json.loads(final("ENTRYPOINT")) + json.loads(final("CMD")) == ["gateway", "serve"]


@pytest.mark.parametrize(("status", "exit_status"), [(HTTPStatus.OK, 0), (HTTPStatus.SERVICE_UNAVAILABLE, 1)])
def test_the_image_is_healthy_while_the_gateway_lives(status: HTTPStatus, exit_status: int) -> None:
    paths = []

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        answering = Thread(target=server.handle_request)
        answering.start()
        _, _, command = final("HEALTHCHECK").partition(" CMD ")
        check = subprocess.run(
            [sys.executable, *json.loads(command)[1:]],
            env={**os.environ, "GATEWAY_PORT": str(server.server_port), "no_proxy": "127.0.0.1"},
            stderr=subprocess.DEVNULL,
            check=False,
        )
        answering.join()
    assert (check.returncode, paths) == (exit_status, ["/livez"])


def test_compose_names_only_settings_that_there_are() -> None:
    named = set(re.findall(r"GATEWAY_(\w+)", COMPOSE + "\n".join(DOCKERFILE)))
    assert named == {"HOST", "PORT", "MONGODB_URI", "MONGODB_DATABASE", "GRAPHIQL", "INTROSPECTION"}
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_compose_gives_the_gateway_no_more_rights_than_it_needs_and_time_to_end() -> None:
    gateway = yaml.safe_load(COMPOSE)["services"]["gateway"]
    assert gateway["read_only"] is True
    assert gateway["cap_drop"] == ["ALL"]
    assert gateway["security_opt"] == ["no-new-privileges:true"]
    # 20 seconds: timeout_graceful_shutdown in gateway/app/serving.py.
    assert int(gateway["stop_grace_period"].removesuffix("s")) > 20 + ConnectionLimits().drain_seconds
    assert gateway["ports"] == ["127.0.0.1:8000:8000"]


def test_compose_runs_a_replica_set_of_a_supported_version_and_waits_for_it() -> None:
    assert int(re.findall(r"image: mongo:(\d+)", COMPOSE)[0]) >= 7
    assert "--replSet rs0" in COMPOSE
    assert "replicaSet=rs0" in COMPOSE
    assert "condition: service_healthy" in COMPOSE


def test_compose_has_no_password_and_mongodb_asks_for_one() -> None:
    assert "MONGO_INITDB_ROOT_PASSWORD: ${MONGODB_PASSWORD:?" in COMPOSE
    assert "mongodb://gateway:${MONGODB_PASSWORD:?see the head of compose.yaml}@mongodb:27017/" in COMPOSE
    assert "--keyFile" in COMPOSE
    assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_image_tells_no_schema_and_shows_no_graphiql_unless_it_is_told_to() -> None:
    assert {"GATEWAY_GRAPHIQL=false", "GATEWAY_INTROSPECTION=false"} <= set(final("ENV").split())


def pinned(file: str) -> dict[str, str]:
    """The version of each package, by its name as registries compare it."""
    versions = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / file).read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in versions}


def test_the_image_installs_what_tests_run_with_by_hashes() -> None:
    commands = [command for line in DOCKERFILE for command in line.split("&&")]
    installs = [command for command in commands if "pip " in command and " install " in command]
    assert [("--require-hashes" in command) or ("--no-index" in command) for command in installs] == [True] * 4
    constraints = pinned("constraints.txt")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    image = pinned("requirements/image.txt")
    assert {re.split(r"[<>=; ]", requirement)[0].replace(".", "-") for requirement in declared} <= image.keys()
    for versions in (image, pinned("requirements/image-build.txt")):
        assert versions
        assert {name: constraints.get(name) for name in versions} == versions
    for file in ("image", "image-build"):
        requirements = re.split(r"\n(?=\w)", (ROOT / "requirements" / f"{file}.txt").read_text())
        assert all("--hash=sha256:" in requirement for requirement in requirements if "==" in requirement)
