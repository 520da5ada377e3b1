"""What the demo's database holds: two namespaces of generated interactions, and a key that may read and write them."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
DEFAULT_INTERACTIONS = 8_000

# Raised with each change of what is generated.
EDITION = 2

KEY_FILE = "key"

# Of the first ones that by which the arms of the experiment differ in any week as they do in the long run.
_SEED = 4
_FRESH = timedelta(days=1)

Interactions: TypeAlias = Iterable[Mapping[str, Any]]
Tracked: TypeAlias = Callable[[NamespaceKind, Interactions, int], AbstractContextManager[Interactions]]


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """What a visitor needs: the secret of a key, the namespace that it is used in, and the instant up to which its data
    are generated, None where another version of the gateway generated them."""

    secret: str
    namespace: Namespace
    until: datetime | None

    def is_outdated(self, now: datetime) -> bool:
        """Whether the data end more than a day ago, or are not what this version generates."""
        return self.until is None or now - self.until > _FRESH


def this_hour() -> datetime:
    """The beginning of the present hour, up to which a demo's data are generated: those of one hour are the same."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


async def prepare(database: Database, data_dir: Path, count: int, until: datetime, tracked: Tracked) -> DemoAccess:
    """Fills the database with ``count`` interactions, over both namespaces, where they aren't there yet.

    They are those of the sixty days up to ``until``, or up to where the ones that are there end. What another version
    of the gateway generated stays as it is. The key's secret is kept in ``data_dir``. ``tracked`` shows how far the
    generating of a namespace's interactions, so many in all, is.
    """
    tenancy = Tenancy(database)
    await create_indexes(database)
    organization = await tenancy.create_organization(ORGANIZATION)
    shop, media = [(await tenancy.create_namespace(organization, kind))[0] for kind in NAMESPACES]
    ends = await DemoProgress(database, edition=EDITION).until(until)
    if ends is not None:
        await _generate(database, "shop", shop, count - count // 4, ends, tracked)
        await _generate(database, "media", media, count // 4, ends, tracked)
    secret = await _secret(Keys(database), SecretFile(data_dir / KEY_FILE), organization, shop)
    return DemoAccess(secret, shop, ends)


async def _generate(
    database: Database, kind: NamespaceKind, namespace: Namespace, count: int, until: datetime, tracked: Tracked
) -> None:
    """Generates interactions unless there were as many before: what a visitor deleted stays deleted.

    They are the same each time, so that those of an interrupted or smaller run are found existing.
    """
    progress = DemoProgress(database, edition=EDITION)
    if await progress.reached(kind, count):
        return
    with tracked(kind, interactions(count, seed=_SEED, namespace=kind, until=until), count) as generated:
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
