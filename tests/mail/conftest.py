"""The product's own TLS context trusting the tests' CA, and servers that play a script."""

from __future__ import annotations

import ssl
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from demo.servers.certificates import GOOD, Certificate, Identity, issue
from demo.servers.scripted import ScriptedServer, Step
from toolkit.errors import ToolkitError
from toolkit.mail.settings import Security, Server
from toolkit.mail.tls import verified_context


@dataclass(frozen=True)
class Played:
    """A running scripted server and where it is."""

    script: ScriptedServer
    address: Server

    @property
    def received(self) -> bytes:
        """Everything it was sent, line by line."""
        return b"\n".join(self.script.received)


Play = Callable[..., Played]


@pytest.fixture(scope="session")
def tls(ca_file: Path) -> ssl.SSLContext:
    """What `Workspace.tls` is: the system's certificates and the tests' CA, nothing else."""
    return verified_context(ca_file)


@pytest.fixture
def play(ca: trustme.CA, tmp_path: Path) -> Iterator[Play]:
    """A factory of scripted servers on loopback, stopped after the test.

    ``play(script, security)`` answers with a `Played`. ``encrypted=False`` leaves TLS out
    altogether, ``certificate`` and ``identity`` show another certificate than the good one.
    """
    with ExitStack() as running:

        def start(
            script: tuple[Step, ...],
            security: Security = Security.SSL,
            *,
            certificate: Certificate = GOOD,
            identity: Identity | None = None,
            encrypted: bool = True,
        ) -> Played:
            shown = identity or issue(ca, certificate)
            server = running.enter_context(
                ScriptedServer(
                    script,
                    context=shown.server_context(tmp_path) if encrypted else None,
                    implicit_tls=security is Security.SSL,
                )
            )
            return Played(server, Server("127.0.0.1", server.port, security))

        yield start


@pytest.fixture
def everything_said() -> Callable[[ToolkitError], str]:
    """How an error shows up anywhere: message, data, chain, and a verbose traceback's variables."""

    def said(error: ToolkitError) -> str:
        verbose = traceback.TracebackException.from_exception(error, capture_locals=True)
        # The test's own frames hold the password, of course.
        verbose.stack[:] = [one for one in verbose.stack if "/tests/" not in one.filename]
        chain = [error.__cause__, error.__context__]
        return f"{error!r} {error.as_json()} {vars(error)} {chain} {''.join(verbose.format())}"

    return said
