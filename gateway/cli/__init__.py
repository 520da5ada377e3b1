"""The command line: ``gateway COMMAND``."""

import typer

from gateway.cli import audit, conditions, demo, keys, namespaces, schema, serve, transfer
from gateway.cli.console import Commands

app = typer.Typer(
    name="gateway",
    help="A GraphQL gateway for search interactions stored in MongoDB.",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    # Usage errors as plain lines, which logs and scripts can read; rich draws boxes.
    rich_markup_mode=None,
    # A traceback must not show what a secret was.
    pretty_exceptions_show_locals=False,
)
app.add_typer(keys.commands, name="keys")
app.add_typer(namespaces.commands, name="namespaces")
app.add_typer(conditions.commands, name="conditions")
app.command()(audit.audit)
app.command("import")(transfer.import_file)
app.command()(demo.demo)
app.command()(serve.serve)
app.command()(schema.schema)
