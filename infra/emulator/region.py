"""An AWS region for a rehearsal: the emulated services, what runs in them, and their names."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Self
from unittest.mock import patch

from chalicelib.messaging.local_channels import LocalChannels
from infra.local.sockets import Sockets

from .process.cloud import OPERATOR, Cloud
from .process.name_resolution import LoopbackNames, resolved_to_loopback
from .process.request_names import Call
from .services.api_gateway import RestApi, socket_api
from .services.edge import Distribution, Edge, distributions
from .services.functions import Functions, Machine, Packages
from .services.socket_management import ManagementApi

STAGE = "api"


class DeployedServices:
    """The deployed functions and APIs: read from AWS on first use, and again after `forget`."""

    def __init__(self, cloud: Cloud, machine: Machine, packages: Packages) -> None:
        self._cloud = cloud
        self._machine = machine
        self._packages = packages
        self.channels = LocalChannels()
        self.connections = ManagementApi(self.channels)

    @cached_property
    def functions(self) -> Functions:
        return Functions(self._cloud, self._machine, self._packages)

    @cached_property
    def rest(self) -> RestApi:
        (api,) = self._cloud.client("apigateway", caller="REHEARSAL").get_rest_apis()["items"]
        return RestApi(self._cloud, self.functions, api["id"], STAGE)

    @cached_property
    def sockets(self) -> Sockets:
        return socket_api(self._cloud, self.functions, self.channels, self.socket_api_id, STAGE)

    @cached_property
    def socket_api_id(self) -> str:
        (api,) = self._cloud.client("apigatewayv2", caller="REHEARSAL").get_apis()["Items"]
        return str(api["ApiId"])

    @cached_property
    def distributions(self) -> list[Distribution]:
        return distributions(self._cloud)

    def start_closing(self) -> None:
        if "sockets" in self.__dict__:
            self.sockets.host_is_going()

    def forget(self) -> None:
        """Stop the functions' processes and read again what is deployed; sockets stay open."""
        if "functions" in self.__dict__:
            self.functions.close()
        for name in ("functions", "rest", "sockets", "socket_api_id", "distributions"):
            self.__dict__.pop(name, None)


class Region:
    """All emulated services, for the block of a `with`."""

    def __init__(self, requester_url: str | None = None) -> None:
        """`requester_url`: the address of the Mechanical Turk emulator."""
        self._requester_url = requester_url
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            folder = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
            self.cloud = opening.enter_context(Cloud())
            self.names = opening.enter_context(LoopbackNames(folder, self._leads_to))
            machine = Machine(self.names.addresses, self.names.authority)
            self.deployed = DeployedServices(self.cloud, machine, opening.enter_context(Packages()))
            opening.callback(self.deployed.forget)
            self.edge = opening.enter_context(Edge(self.cloud, self.deployed))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def _leads_to(self, host: str) -> str | None:
        if host.startswith("mturk-requester"):
            return self._requester_url
        if ".execute-api." in host:
            return self.edge.apis
        if host.endswith(".cloudfront.net"):
            return self.edge.url
        return self.cloud.url

    def calls(self) -> list[Call]:
        """Return every call to AWS, those to open sockets last."""
        return [*self.cloud.calls(), *self.deployed.connections.calls]

    @contextmanager
    def operator(self, home: Path) -> Iterator[None]:
        """Make this process an operator's that uses the emulator as AWS; `home` is temporary."""
        settings = {
            **self.cloud.environment(OPERATOR),
            "HOME": str(home),
            "PETRI_HOME": str(home / ".petri"),
            "REQUESTS_CA_BUNDLE": str(self.names.authority),
        }
        other_variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        with (
            patch.dict(os.environ, {**other_variables, **settings}, clear=True),
            resolved_to_loopback(self.names.addresses),
        ):
            yield
