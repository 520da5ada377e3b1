"""The manifests in ``deploy/kubernetes`` and the chart in ``deploy/helm``, judged without a cluster.

``helm`` itself renders the chart where it is installed; .ci/run installs it.
"""

import json
import re
import shutil
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from gateway.settings import Settings, load, reference
from gateway.transport.http.health import HEALTH_PATHS

with warnings.catch_warnings():
    # Its own imports'.
    warnings.simplefilter("ignore")
    import kubernetes_validate

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "search-interactions-gateway"
TEMPLATES = "".join(file.read_text() for file in sorted((CHART / "templates").iterdir()))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
# `sleep` in preStop is there from the first on.
VERSIONS = ("1.30", kubernetes_validate.latest_version())
# The requests under way, at the end of a drain: timeout_graceful_shutdown in gateway/app/serving.py.
GRACE_SECONDS = 20

Manifest = Mapping[str, Any]

needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="helm isn't installed: see .ci/run")


def by_kind(manifests: list[Manifest]) -> dict[str, Manifest]:
    kinds = {manifest["kind"]: manifest for manifest in manifests}
    assert len(kinds) == len(manifests)
    return kinds


def plain() -> dict[str, Manifest]:
    files = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    manifests = [yaml.safe_load(file.read_text()) for file in files]
    assert [manifest["kind"].lower() for manifest in manifests] == [file.stem for file in files]
    return by_kind(manifests)


def rendered(*options: str, release: str = "search-interactions-gateway") -> dict[str, Manifest]:
    """What ``helm template`` gives; AssertionError with its words where it gives nothing."""
    done = template(release, *options)
    assert done.returncode == 0, done.stderr
    return by_kind([manifest for manifest in yaml.safe_load_all(done.stdout) if manifest])


def template(release: str, *options: str) -> "subprocess.CompletedProcess[str]":
    # A helm that Go has built knows of no newer Kubernetes than 1.20 by itself.
    return helm("template", release, str(CHART), "--kube-version", VERSIONS[0], *options)


def helm(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["helm", *arguments], capture_output=True, text=True, check=False)


def assert_valid(manifests: Mapping[str, Manifest]) -> None:
    for manifest in manifests.values():
        for version in VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)


def assert_fit_together(manifests: Mapping[str, Manifest]) -> None:
    """What no schema knows: names, labels, addresses, times."""
    deployment = manifests["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    [container] = pod["containers"]
    labels = deployment["template"]["metadata"]["labels"].items()
    selectors = [deployment["selector"]["matchLabels"], manifests["Service"]["spec"]["selector"]]
    selectors += [spread["labelSelector"]["matchLabels"] for spread in pod["topologySpreadConstraints"]]
    if "PodDisruptionBudget" in manifests:
        selectors.append(manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"])
    assert all(selector and selector.items() <= labels for selector in selectors)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8000}
    assert manifests["Service"]["spec"]["ports"][0]["targetPort"] in ports
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert [probe["path"] for probe in probes] == ["/livez", "/livez", "/readyz"]
    assert {probe["path"].encode() for probe in probes} <= HEALTH_PATHS
    assert {probe["port"] for probe in probes} <= ports.keys()
    if "HorizontalPodAutoscaler" in manifests:
        # A number of replicas would be set back to at each apply.
        assert "replicas" not in deployment
        assert manifests["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"] == {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": manifests["Deployment"]["metadata"]["name"],
        }
    settings = manifests["ConfigMap"]["data"]
    config, secret = container["envFrom"]
    assert config["configMapRef"]["name"] == manifests["ConfigMap"]["metadata"]["name"]
    if "Secret" in manifests:
        assert secret["secretRef"]["name"] == manifests["Secret"]["metadata"]["name"]
        assert manifests["Secret"]["stringData"].keys() == {"GATEWAY_MONGODB_URI"}
    assert settings.keys() <= set(re.findall(r"^\| `(\w+)`", reference(), re.MULTILINE))
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {"GATEWAY_MONGODB_URI": "mongodb://m/?replicaSet=rs0", **settings}.items():
            environment.setenv(name, value)
        load(Settings)
    asleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = float(settings["GATEWAY_DRAIN_SECONDS"])
    assert drain >= asleep
    assert pod["terminationGracePeriodSeconds"] >= asleep + drain + GRACE_SECONDS + 5


def assert_confined(manifests: Mapping[str, Manifest]) -> None:
    """As the restricted level of Kubernetes' Pod Security Standards asks for, and a read-only file system."""
    pod = manifests["Deployment"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    [user] = re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert pod["securityContext"]["runAsUser"] == int(user) > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


def assert_good(manifests: Mapping[str, Manifest]) -> None:
    assert_valid(manifests)
    assert_fit_together(manifests)
    assert_confined(manifests)


def test_the_plain_manifests_are_good() -> None:
    manifests = plain()
    assert manifests.keys() == {
        *("ConfigMap", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Service"),
    }
    assert_good(manifests)


def test_a_manifest_that_kubernetes_would_refuse_is_noticed() -> None:
    deployment = json.loads(json.dumps(plain()["Deployment"]))
    deployment["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        assert_valid({"Deployment": deployment})


def paths(value: object, prefix: str = "") -> set[str]:
    """The dotted names of what isn't itself a mapping with names."""
    if not isinstance(value, dict) or not value:
        return {prefix}
    return {path for name, inner in value.items() for path in paths(inner, f"{prefix}.{name}" if prefix else name)}


def test_the_charts_values_are_those_that_its_templates_use() -> None:
    # `with .Values.image` has the values of the image without their prefix.
    used = set(re.findall(r"\.Values\.([\w.]+)", TEMPLATES)) - {"image"}
    used |= {f"image.{name}" for name in ("repository", "digest", "tag")} | {"image.pullPolicy"}
    used -= {"nameOverride", "fullnameOverride"}
    declared = paths({**VALUES, "settings": {}, "resources": {}})
    assert {re.sub(r"^settings\.GATEWAY_\w+$", "settings", name) for name in used} == declared


def test_the_charts_values_satisfy_their_schema_which_knows_all_of_them() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    validator(schema).validate(VALUES)
    assert VALUES.keys() <= schema["properties"].keys()
    wrong: tuple[Manifest, ...] = (
        {"imagee": {}},
        {"image": {"repository": "a", "digest": "sha256:1"}},
        {"settings": {"GATEWAY_DRAIN_SECONDS": 5}},
        {"settings": {"GATEWAY_MONGODB_URI": "mongodb://secret"}},
    )
    assert [values for values in wrong if validator(schema).is_valid(values)] == []


def test_the_chart_has_the_projects_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert f'version = "{chart["appVersion"]}"' in (ROOT / "pyproject.toml").read_text()
    [container] = plain()["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{chart['name']}:{chart['appVersion']}"


def without_labels_of_helm(value: Any) -> Any:
    """Without labels and annotations that only Helm gives, and what a Deployment has anyway."""
    if isinstance(value, list):
        return [without_labels_of_helm(element) for element in value]
    if not isinstance(value, dict):
        return value
    of_helm = {"app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by"}
    of_helm |= {"helm.sh/chart", "checksum/settings", "imagePullPolicy"}
    kept = {name: without_labels_of_helm(inner) for name, inner in value.items() if name not in of_helm}
    return {name: inner for name, inner in kept.items() if name != "annotations" or inner}


@needs_helm
def test_the_chart_gives_the_plain_manifests() -> None:
    manifests = without_labels_of_helm(rendered())
    assert manifests["Service"]["spec"].pop("type") == "ClusterIP"
    assert manifests == plain()


@needs_helm
def test_helm_has_nothing_to_complain_of() -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout


@needs_helm
@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="as it is"),
        pytest.param(("--set", "mongodb.uri=mongodb://m/?replicaSet=rs0"), id="with the Secret"),
        pytest.param(("--set", "autoscaling.enabled=false,podDisruptionBudget.enabled=false"), id="of a fixed size"),
        pytest.param(
            ("--set", "ingress.enabled=true,ingress.host=gateway.example,ingress.className=n,ingress.tlsSecret=tls"),
            id="with an Ingress",
        ),
        pytest.param(
            (
                *("--set-json", 'extraVolumes=[{"name": "documents", "configMap": {"name": "documents"}}]'),
                *("--set-json", 'extraVolumeMounts=[{"name": "documents", "mountPath": "/documents"}]'),
                *("--set", "settings.GATEWAY_TRUSTED_DOCUMENTS=/documents/manifest.json,podLabels.team=search"),
                *("--set-json", 'tolerations=[{"key": "a", "operator": "Exists"}]', "--set", "nodeSelector.disk=ssd"),
                *("--set", f"image.digest=sha256:{'0' * 64},podAnnotations.a=b,imagePullSecrets[0].name=registry"),
            ),
            id="with everything else",
        ),
    ],
)
def test_what_the_chart_gives_is_good(options: tuple[str, ...]) -> None:
    manifests = rendered(*options, release="shop")
    assert {manifest["metadata"]["name"] for manifest in manifests.values()} == {"shop-search-interactions-gateway"}
    assert_good(manifests)
    [container] = manifests["Deployment"]["spec"]["template"]["spec"]["containers"]
    digest = f"sha256:{'0' * 64}"
    assert container["image"].endswith(f"@{digest}" if f"image.digest={digest}" in str(options) else ":0.1.0")


@needs_helm
def test_a_pod_names_the_port_of_its_metrics_where_it_has_any() -> None:
    manifests = rendered("--set", "settings.GATEWAY_METRICS_ADDRESS=0.0.0.0:9464")
    assert_valid(manifests)
    [container] = manifests["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "metrics", "containerPort": 9464} in container["ports"]


@needs_helm
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("preStopSeconds=30", "terminationGracePeriodSeconds is less"),
        ("mongodb.uri=mongodb://m,mongodb.existingSecret=s", "leave mongodb.existingSecret out"),
        ("mongodb.uri=http://m", "/mongodb/uri"),
        ("ingress.enabled=true,ingress.tlsSecret=s", "set ingress.host"),
    ],
)
def test_the_chart_refuses_what_cannot_work_and_says_why(options: str, complaint: str) -> None:
    done = template("gateway", "--set", options)
    assert done.returncode != 0
    assert complaint in done.stderr
