"""The command line: ``gateway COMMAND``, a module for each command, which parses its options and prints."""

from importlib.metadata import version
from typing import Annotated

import typer

from gateway.cli import (
    adopt_command,
    audit_command,
    conditions_commands,
    demo_command,
    erase_commands,
    export_command,
    import_command,
    insights_commands,
    job_commands,
    key_commands,
    migrate_command,
    namespace_commands,
    schema_command,
    serve_command,
)
from gateway.cli.console import Commands, print_line
from gateway.compiler.native_backend.extension import BACK_END


def _print_version(is_asked: bool) -> None:
    if is_asked:
        print_line(f"gateway {version('search-interactions-gateway')} ({BACK_END})")
        raise typer.Exit


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


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """What ``gateway`` takes before a command."""


app.add_typer(key_commands.commands, name="keys")
app.add_typer(namespace_commands.commands, name="namespaces")
app.add_typer(conditions_commands.commands, name="conditions")
app.add_typer(insights_commands.commands, name="insights")
app.add_typer(erase_commands.commands, name="erase")
app.add_typer(job_commands.commands, name="jobs")
app.command()(audit_command.audit)
app.command()(export_command.export)
app.command("import")(import_command.import_files)
app.command()(adopt_command.adopt)
app.command()(demo_command.demo)
app.command()(migrate_command.migrate)
app.command()(serve_command.serve)
app.command()(schema_command.schema)
