"""What the demo's database holds: two namespaces of generated interactions, and a key that may read and write them."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from gateway.context import Namespace, Organization, Permission
from gateway.demo.data import NamespaceKind, interactions
from gateway.demo.data_directory import SecretFile
from gateway.interchange.imports import record_all
from gateway.model import secret_keys
from gateway.store.client import Database
from gateway.store.demo_progress import DemoProgress
from gateway.store.index_creation import create_indexes
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer

ORGANIZATION = "demo"
NAMESPACES: tuple[NamespaceKind, ...] = ("shop", "media")
DEFAULT_INTERACTIONS = 5_000

_KEY_FILE = "key"
_SEED = 1

Interactions: TypeAlias = Iterable[Mapping[str, Any]]
Tracked: TypeAlias = Callable[[NamespaceKind, Interactions, int], AbstractContextManager[Interactions]]


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """What a visitor needs: the secret of a key, and the namespace that it is used in."""

    secret: str
    namespace: Namespace


async def prepare(database: Database, data_dir: Path, count: int, tracked: Tracked) -> DemoAccess:
    """Fills the database with ``count`` interactions, over both namespaces, where they aren't there yet.

    The key's secret is kept in ``data_dir``. ``tracked`` shows how far the generating of a
    namespace's interactions, so many in all, is.
    """
    tenancy = Tenancy(database)
    await create_indexes(database)
    organization = await tenancy.create_organization(ORGANIZATION)
    shop, media = [(await tenancy.create_namespace(organization, kind))[0] for kind in NAMESPACES]
    await _generate(database, "shop", shop, count - count // 4, tracked)
    await _generate(database, "media", media, count // 4, tracked)
    return DemoAccess(await _secret(Keys(database), SecretFile(data_dir / _KEY_FILE), organization, shop), shop)


async def _generate(
    database: Database, kind: NamespaceKind, namespace: Namespace, count: int, tracked: Tracked
) -> None:
    """Generates interactions unless there were as many before: what a visitor deleted stays deleted.

    They are the same each time, so that those of an interrupted or smaller run are found existing.
    """
    progress = DemoProgress(database)
    if await progress.reached(kind, count):
        return
    with tracked(kind, interactions(count, seed=_SEED, namespace=kind), count) as generated:
        await record_all(generated, Writer(database), namespace)
    await progress.note(kind, count)


async def _secret(keys: Keys, file: SecretFile, organization: Organization, namespace: Namespace) -> str:
    """The secret that ``file`` keeps, or a new one where that is no key or no valid one."""
    kept = file.read()
    presented = secret_keys.parse(kept)
    key = None if presented is None else await keys.find(presented.key_id)
    if key is not None and key.is_valid(datetime.now(UTC)):
        return kept
    issued = await keys.create(
        organization, name="demo", permissions=frozenset(Permission), default_namespace_id=namespace.id
    )
    file.write(issued.secret)
    return issued.secret
