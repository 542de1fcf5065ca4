"""Leaving a page by accident, and what the browser itself asks then."""

from __future__ import annotations

import json
from typing import Any

from selenium.webdriver import Chrome
from websockets.sync.client import ClientConnection, connect

from .pages import PATIENCE_S


def stays_when_asked(browser: Chrome) -> str:
    """Try to leave the page, stay when the browser asks, and return the kind of question it was.

    The browser's driver would agree to leave on its own, so the question is answered past it.
    """
    address = browser.capabilities["goog:chromeOptions"]["debuggerAddress"]
    with connect(f"ws://{address}/devtools/page/{browser.current_window_handle}") as tools:
        _tell(tools, "Page.enable")
        _tell(tools, "Runtime.evaluate", expression="setTimeout(() => location.assign('about:blank'))")
        kind = _heard(tools, "Page.javascriptDialogOpening")["type"]
        _tell(tools, "Page.handleJavaScriptDialog", accept=False)
        _heard(tools, "Page.javascriptDialogClosed")
    return str(kind)


def _tell(tools: ClientConnection, method: str, **params: Any) -> None:
    tools.send(json.dumps({"id": 1, "method": method, "params": params}))


def _heard(tools: ClientConnection, event: str) -> dict[str, Any]:
    while True:
        message = json.loads(tools.recv(timeout=PATIENCE_S))
        if message.get("method") == event:
            params: dict[str, Any] = message["params"]
            return params
