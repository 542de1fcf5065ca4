"""Emulates Lambda: runs the uploaded packages in isolated processes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self
from zipfile import ZipFile

from infra.emulator.process.cloud import REGION, Cloud

from .invocation_chains import InvocationChain

RUNTIME = Path(__file__).with_name("runtime.py")
PATIENCE = 60
#: The unpublished version.
LATEST = "$LATEST"
#: The maximum concurrency of a function here.
AT_ONCE = 2


class FunctionError(Exception):
    """A handler raised, or couldn't be imported; the message is its traceback."""


class Throttled(FunctionError):
    """The concurrency limit is reached."""


class Machine:
    """The environment of functions: the names that resolve, and the trusted certificate."""

    def __init__(
        self, names: Mapping[str, tuple[str, int]] | None = None, authority: Path | None = None
    ) -> None:
        self.names = dict(names or {})
        self.authority = authority

    def environment(self) -> dict[str, str]:
        if self.authority is None:
            return {}
        return dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(self.authority))


class Packages:
    """The uploaded packages, each unzipped once."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lambda-")
        self._unzipped: dict[str, Path] = {}

    def unzipped(self, digest: str, fetch: Callable[[], bytes]) -> Path:
        """Return the folder with the package of this digest; `fetch` loads a new one."""
        if digest not in self._unzipped:
            folder = Path(tempfile.mkdtemp(dir=self._folder.name))
            with ZipFile(io.BytesIO(fetch())) as code:
                code.extractall(folder)
            self._unzipped[digest] = folder
        return self._unzipped[digest]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


class Functions:
    """All versions of functions at AWS, each created on first use."""

    def __init__(self, cloud: Cloud, machine: Machine, packages: Packages) -> None:
        self._cloud = cloud
        self._machine = machine
        self._packages = packages
        self._functions: dict[tuple[str, str], Function] = {}
        #: The permitted invocations: the caller, the function and its alias.
        self._allowed: set[tuple[str, str, str]] = set()
        self._guard = threading.Lock()

    def named(self, name: str, caller: str = "") -> Function:
        """Return a function by its name or ARN, which may include an alias or a version.

        `caller`: the invoking service; raises FunctionError when the function's policy doesn't permit it.
        """
        name, _, qualifier = name.rpartition(":function:")[2].partition(":")
        with self._guard:
            if caller:
                self._check(caller, name, qualifier)
            version = self._version(name, qualifier)
            if (name, version) not in self._functions:
                self._functions[name, version] = self._load(name, version)
            return self._functions[name, version]

    def _check(self, caller: str, name: str, qualifier: str) -> None:
        if (caller, name, qualifier) in self._allowed:
            return
        client = self._cloud.client("lambda", caller="REHEARSAL")
        request = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
        try:
            policy = json.loads(client.get_policy(**request)["Policy"])
        except client.exceptions.ResourceNotFoundException:
            policy = {"Statement": []}
        if not any(one["Principal"].get("Service") == caller for one in policy["Statement"]):
            raise FunctionError(f"{caller} isn't permitted to invoke {name}:{qualifier or LATEST}")
        self._allowed.add((caller, name, qualifier))

    def _version(self, name: str, qualifier: str) -> str:
        """Return the version to invoke; an alias is resolved each time, since it can change."""
        if not qualifier or qualifier == LATEST or qualifier.isdecimal():
            return qualifier or LATEST
        client = self._cloud.client("lambda", caller="REHEARSAL")
        return str(client.get_alias(FunctionName=name, Name=qualifier)["FunctionVersion"])

    def _load(self, name: str, version: str) -> Function:
        client = self._cloud.client("lambda", caller="REHEARSAL")
        configuration = client.get_function_configuration(FunctionName=name, Qualifier=version)
        root = self._packages.unzipped(
            configuration["CodeSha256"], lambda: self._cloud.package(name, version)
        )
        environment = {**self._cloud.environment(name), **self._machine.environment()}
        layers = [
            self._packages.unzipped(layer["Arn"], partial(self._cloud.layer, layer["Arn"]))
            for layer in configuration.get("Layers", ())
        ]
        return Function(configuration, root, environment, self._machine, layers)

    @property
    def used(self) -> list[Function]:
        """The functions that were invoked."""
        return list(self._functions.values())

    def close(self) -> None:
        for function in self._functions.values():
            function.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Function:
    """One function, with its processes."""

    def __init__(
        self,
        configuration: dict[str, Any],
        root: Path,
        environment: dict[str, str],
        machine: Machine,
        layers: Sequence[Path] = (),
    ) -> None:
        """`root`: the folder with the package; `layers`: those with the layers, in order."""
        self.name: str = configuration["FunctionName"]
        self.arn: str = configuration["FunctionArn"]
        self.version = str(configuration["Version"])
        self.root = root
        self._names = json.dumps(machine.names)
        self._environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(root),
            "REHEARSAL_LAYERS": os.pathsep.join(str(layer / "python") for layer in layers),
            "_HANDLER": configuration["Handler"],
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.get("MemorySize", 128)),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration['Runtime']}",
            "AWS_SESSION_TOKEN": "rehearsal",
            "REHEARSAL_ARN": self.arn,
            **environment,
            "AWS_REGION": REGION,
            **configuration.get("Environment", {}).get("Variables", {}),
        }
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._idle: deque[_Process] = deque()
        self._all: list[_Process] = []
        self._free = threading.Semaphore(AT_ONCE)
        #: Modules that were imported from outside the package; a rehearsal expects none.
        self.outside: set[str] = set()
        self.invocations = 0
        #: How many of the next invocations are throttled.
        self.throttles = 0

    def invoke(self, event: Any, chain: InvocationChain | None = None) -> Any:
        """Invoke the function and return its response; FunctionError when the handler raised.

        `chain`: the invocations that caused this one; None: this is the first.
        """
        if self.throttles:
            self.throttles -= 1
            raise Throttled("Rate Exceeded.")
        with self._free:
            process = self._idle.popleft() if self._idle else self._start()
            self.invocations += 1
            try:
                return process.ask(event, chain or InvocationChain())
            finally:
                if process.is_alive:
                    self._idle.append(process)

    def _start(self) -> _Process:
        stream = f"2026/01/01/[{self.version}]{uuid.uuid4().hex}"
        process = _Process(
            [sys.executable, "-I", "-S", str(RUNTIME), self._names],
            {**self._environment, "AWS_LAMBDA_LOG_STREAM_NAME": stream},
            self.root,
            self._log,
        )
        self._all.append(process)
        self.outside |= process.outside
        return process

    def log(self) -> str:
        """Return the function's log."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def close(self) -> None:
        for process in self._all:
            process.close()
        self._log.close()


class _Process:
    """One execution environment: imports the handler once and handles one event at a time."""

    def __init__(self, command: list[str], environment: dict[str, str], root: Path, log: Any) -> None:
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
        )
        try:
            self.outside = set(self._read()["outside"])
        except FunctionError:
            self.close()
            raise

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, event: Any, chain: InvocationChain) -> Any:
        if self._process.stdin is None:
            raise FunctionError("the process has no standard input")
        request = {"id": str(uuid.uuid4()), "event": event, "trace": chain.header}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()["answer"]

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise FunctionError(f"The function's process ended with {self._process.wait(PATIENCE)}.")
        response: dict[str, Any] = json.loads(line)
        if "error" in response:
            raise FunctionError(response["error"])
        return response

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
