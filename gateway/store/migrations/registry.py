"""All migrations, in the order of their numbers. One that was released stays as it is: another follows it."""

from collections.abc import Sequence

from gateway.store.migrations.derived_fields_everywhere import DerivedFieldsEverywhere
from gateway.store.migrations.migration import Migration

MIGRATIONS: Sequence[Migration] = (DerivedFieldsEverywhere(),)
