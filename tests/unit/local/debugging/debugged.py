"""A study that `petri debug` serves, and requests to it, without a network."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from chalicelib.recruiters.entry_urls import entry_ids
from infra.local.debugging.bar_routes import debug_routes
from infra.local.debugging.page_tools import DebugPages
from infra.local.debugging.reloading import Reloader
from infra.local.hook_failures import hook_failures
from infra.local.lifecycle import run_outcome
from infra.local.lifecycle.run import Run, RunOptions, opened
from infra.local.lifecycle.run_paths import RunPaths

DEMOS = Path(__file__).parents[4] / "demos"
FORM = (b"content-type", b"application/x-www-form-urlencoded")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Debugged:
    """A run with the tools of `petri debug`."""

    run: Run
    folder: Path
    reloader: Reloader
    runner: asyncio.Runner
    told: list[str] = field(default_factory=list)

    def ask(
        self,
        method: str,
        address: str,
        fields: Mapping[str, Any] | None = None,
        *,
        token: str = "",
        client: str = "127.0.0.1",
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> Answer:
        """Send a request to the host, as from a browser."""
        parts, body = urlsplit(address), urlencode(fields or {}).encode()
        bearer = ((b"authorization", f"Bearer {token}".encode()),) if token else ()
        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(b"host", b"127.0.0.1"), FORM, *bearer, *headers],
            "client": (client, 1),
        }
        return self.runner.run(self._answer(scope, body))

    async def _answer(self, scope: dict[str, Any], body: bytes) -> Answer:
        sent: list[dict[str, Any]] = []
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            found = next(messages, None)
            if found is None:
                # The browser stays connected.
                await asyncio.Event().wait()
            assert found is not None
            return found

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.run.host(scope, receive, send)
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, text)

    def enter(self, ids: Mapping[str, str] | None = None) -> Participant:
        """Take part, with new ids or with those of an entry link."""
        answer = self.ask("POST", "/participant", ids or entry_ids("hotair", "debug")).json
        return Participant(self, answer["participant"]["id"], answer["token"])

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file, and let the tools look until they have seen it."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        self.reloader.reload(frozenset({path}))

    def changes(self, instance: str = "", version: int = 0) -> dict[str, Any]:
        """Return what a page that was made by a version hears."""
        query = urlencode({"instance": instance or self.reloader.instance, "version": version})
        found: dict[str, Any] = self.ask("GET", f"/_debug/changes?{query}").json
        return found


@dataclass(frozen=True)
class Participant:
    """A participant whose browser is on this machine."""

    run: Debugged
    id: int
    token: str

    def page(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run.ask("GET", "/page", token=self.token).json
        return found

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run.ask("GET", "/_debug/state", token=self.token).json
        return found

    def post(self, tool: str, **fields: Any) -> Answer:
        return self.run.ask("POST", f"/_debug/{tool}", fields, token=self.token)

    def members(self) -> list[dict[str, str]]:
        """Return the entry ids in the address of the view of the group."""
        url = self.post("members").json["url"]
        return [dict(parse_qsl(entry)) for _, entry in parse_qsl(urlsplit(url).query)]


@contextmanager
def debugging(demo: str, tmp_path: Path) -> Iterator[Debugged]:
    """Serve a copy of a demo."""
    folder = shutil.copytree(DEMOS / demo, tmp_path / demo)
    paths = RunPaths(tmp_path)
    options = RunOptions(folder, "run", settings={"auto_recruit": False})
    with ExitStack() as stack:
        run = stack.enter_context(opened(options, paths))
        told: list[str] = []
        failures = stack.enter_context(hook_failures(folder, lambda failure: told.append(str(failure))))
        reloader = Reloader(run, options, paths, failures, told.append)
        run_outcome.note_settings(run, paths)
        run.host.tools = DebugPages(reloader)
        stack.enter_context(debug_routes(run))
        runner = stack.enter_context(asyncio.Runner())
        served = Debugged(run, folder, reloader, runner, told)
        launched = served.ask("POST", "/launch", token=run.operator_token)
        assert launched.status == 200, launched.text
        yield served
