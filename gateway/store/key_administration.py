"""Keys as clients administer them: within their own organization, and no further than the gateway allows."""

from gateway.context import Caller, Rate
from gateway.errors import BadUserInput, Forbidden
from gateway.plan.write_commands import CreateKey, LimitKey, RevokeKey
from gateway.store.client import Database
from gateway.store.keys import IssuedKey, Key, Keys
from gateway.store.tenancy import Tenancy

KeyCommand = CreateKey | RevokeKey | LimitKey


class KeyAdministration:
    """The runner of commands on keys; ``most``: the rate limit of every key, None: there is none."""

    def __init__(self, database: Database, *, most: Rate | None = None) -> None:
        self._keys = Keys(database)
        self._tenancy = Tenancy(database)
        self._most = most

    async def run(self, command: KeyCommand) -> IssuedKey | Key:
        """What the command says that it gives. Raises `BadUserInput`, and `Forbidden` for who may reach only a part of
        the organization."""
        _require_whole_organization(command.caller)
        match command:
            case CreateKey():
                self._require_allowed(command.bounds.rate)
                return await self._keys.create(
                    command.caller.organization,
                    name=command.name,
                    permissions=command.permissions,
                    default_namespace_id=await self._namespace_id(command),
                    lifetime=command.lifetime,
                    bounds=command.bounds,
                    by=command.caller,
                )
            case RevokeKey(key_id, caller):
                return await self._keys.revoke(key_id, by=caller)
            case LimitKey(key_id, rate, caller):
                self._require_allowed(rate)
                return await self._keys.limit(key_id, rate, by=caller)

    async def _namespace_id(self, command: CreateKey) -> str | None:
        if command.namespace is None:
            return None
        namespace = await self._tenancy.find_namespace(command.caller.organization.id, command.namespace)
        if namespace is None:
            raise BadUserInput("This organization has no such namespace.", path=("default_namespace",))
        return namespace.id

    def _require_allowed(self, rate: Rate | None) -> None:
        if rate is None:
            return
        if self._most is None:
            raise BadUserInput("This gateway has no rate limit, so a key can't have one of its own.", path=("rate",))
        if rate.within(self._most) != rate or min(rate.burst, rate.restore) < 1:
            raise BadUserInput(
                f"`limit` must be between 1 and {self._most.burst:,}, and `restoreRate` between 1 and "
                f"{self._most.restore:,}, as every key's is.",
                path=("rate",),
            )


def _require_whole_organization(caller: Caller) -> None:
    """A token that may name some namespaces only could else make itself a key for all of them."""
    if caller.namespaces is not None:
        raise Forbidden(f"This {caller.kind.value} may name some namespaces only; keys are of the whole organization.")
