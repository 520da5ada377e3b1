"""What tests read of a page as it is served."""

import json
import re

import httpx


def script_settings(response: httpx.Response) -> dict[str, object]:
    """What the page's script reads."""
    [text] = re.findall(r'<script[^>]* id="settings"[^>]*>([^<]*)</script>', response.text)
    settings: dict[str, object] = json.loads(text)
    return settings


def policy(response: httpx.Response) -> dict[str, str]:
    """The sources that each directive of its content security policy allows."""
    directives = response.headers["Content-Security-Policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)
