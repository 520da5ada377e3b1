"""A document that keeps whoever writes it waiting: so that what a test kills isn't over before it does."""

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from gateway.store.client import Collection, session


@asynccontextmanager
async def held(collection: Collection, id: Any) -> AsyncIterator[None]:
    """Lets nobody else write the document of this id until it is left: MongoDB tries their write again and again.

    For a minute at most, after which it ends the transaction that holds the document.
    """
    async with session(collection.database.client) as holding:
        # A coroutine of PyMongo's, a plain call of Motor's.
        starting = cast(object, holding.start_transaction())
        if inspect.isawaitable(starting):
            await starting
        await collection.update_one({"_id": id}, {"$set": {"held": True}}, session=holding)
        try:
            yield
        finally:
            await holding.abort_transaction()
