"""The native back end and its crates in a bill of materials: ``python native_crates.py CARGO_LOCK CYCLONEDX_JSON``.

They are those of ``Cargo.lock``: for every platform, also what only takes part in building. The wheel carries a bill of
its own, of what it was built of.
"""

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DISTRIBUTION = "search-interactions-gateway-native"


def with_crates(bill: Mapping[str, Any], lock: Mapping[str, Any]) -> dict[str, Any]:
    """The bill with the distribution that is made of the lock's one local package, and with the others, its crates."""
    [(version, direct)] = [
        (package["version"], package["dependencies"]) for package in lock["package"] if "source" not in package
    ]
    crates = [package for package in lock["package"] if "source" in package]
    # A dependent names the version too where there are several.
    references = {
        spelled: _reference(crate)
        for crate in crates
        for spelled in (crate["name"], f"{crate['name']} {crate['version']}")
    }
    native = {
        "type": "library",
        "bom-ref": _DISTRIBUTION,
        "name": _DISTRIBUTION,
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "purl": f"pkg:pypi/{_DISTRIBUTION}@{version}",
    }
    depending = [(_DISTRIBUTION, direct), *((_reference(crate), crate.get("dependencies", [])) for crate in crates)]
    dependencies = [
        {"ref": reference, "dependsOn": [references[name] for name in names]} for reference, names in depending if names
    ]
    return {
        **bill,
        "components": [*bill["components"], native, *map(_component, crates)],
        "dependencies": [*bill["dependencies"], *dependencies],
    }


def _reference(crate: Mapping[str, Any]) -> str:
    return f"pkg:cargo/{crate['name']}@{crate['version']}"


def _component(crate: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _reference(crate),
        "name": crate["name"],
        "version": crate["version"],
        "hashes": [{"alg": "SHA-256", "content": crate["checksum"]}],
        "purl": _reference(crate),
    }


if __name__ == "__main__":
    _lock, _bill = map(Path, sys.argv[1:])
    _made = with_crates(json.loads(_bill.read_text()), tomllib.loads(_lock.read_text()))
    _bill.write_text(json.dumps(_made, indent=2) + "\n")
