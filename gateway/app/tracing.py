"""The traces that the settings ask for."""

from typing import TYPE_CHECKING

from gateway.settings import Settings, SettingsError

if TYPE_CHECKING:
    from gateway.observability.traces import Traces


def check_traces(settings: Settings) -> None:
    """Raises what `open_traces` would."""
    if traces := open_traces(settings):
        traces.close()


def open_traces(settings: Settings) -> "Traces | None":
    """What makes and exports the spans of this process, for the caller to close; None where nothing is traced.

    Raises `SettingsError` where what that needs isn't installed, or is set up wrongly.
    """
    if not settings.traces:
        return None
    try:
        # Not before: it takes a third of a second, and few have installed it.
        from gateway.observability.traces import Traces
    except ModuleNotFoundError:
        raise SettingsError(
            "GATEWAY_TRACES: expected to be unset, or the extra `otel` installed: "
            "pip install 'search-interactions-gateway[otel]'"
        ) from None
    try:
        return Traces(settings.mongodb_database, texts=settings.log_texts)
    except ValueError:
        raise SettingsError(
            "OTEL_…: expected what https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables "
            "says of each variable"
        ) from None
