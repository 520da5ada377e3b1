"""The one busy address, answered ahead of the router."""

from starlette.types import ASGIApp, Receive, Scope, Send


class DirectRoute:
    """An ASGI middleware that hands HTTP requests for one ``path`` to their ``endpoint``, and all else on.

    As the innermost middleware it saves each of those requests what the handlers of exceptions and the router take;
    all other middleware sees them as it sees every request.
    """

    def __init__(self, app: ASGIApp, *, path: str, endpoint: ASGIApp) -> None:
        self._app = app
        self._path = path
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_here = scope["type"] == "http" and scope["path"] == scope.get("root_path", "") + self._path
        await (self._endpoint if is_here else self._app)(scope, receive, send)
