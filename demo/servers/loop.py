"""An asyncio loop in a thread: how the servers written in Python run beside their caller."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakSet

if TYPE_CHECKING:
    import ssl

__all__ = ["LoopThread"]

_log = logging.getLogger(__name__)

T = TypeVar("T")


class LoopThread:
    """A running loop in a daemon thread; ``stop`` closes servers, connections and tasks."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        # What goes wrong with one connection (a client that left) is that connection's business.
        self._loop.set_exception_handler(lambda _, context: _log.debug("%s", context))
        self._transports: WeakSet[asyncio.Transport] = WeakSet()
        self._servers: list[asyncio.AbstractServer] = []
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, for libraries that want to be handed one."""
        return self._loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def listen(
        self,
        protocol: Callable[[], asyncio.Protocol],
        *,
        address: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> int:
        """Serve a protocol on a free port, with implicit TLS if a context is given; the port."""
        return self.run(self.serve(protocol, address=address, tls=tls))

    async def serve(
        self,
        protocol: Callable[[], asyncio.Protocol],
        *,
        address: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> int:
        """The same for those already in the loop: connections inherit their context variables."""
        made = partial(self._tracked, protocol)
        server = await self._loop.create_server(made, address, 0, ssl=tls)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        """Close everything and end the thread. May be called twice."""
        if not self._thread.is_alive():
            return
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        here = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not here]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A TLS transport that is merely closed waits for its peer's goodbye.
        for transport in list(self._transports):
            transport.abort()
        await asyncio.sleep(0.01)

    def _tracked(self, protocol: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
        """A protocol whose transports are remembered, to be closed when the loop stops."""
        made = protocol()
        connected = made.connection_made

        def connection_made(transport: asyncio.BaseTransport) -> None:
            self._transports.add(cast("asyncio.Transport", transport))
            connected(transport)

        made.connection_made = connection_made  # type: ignore[method-assign]
        return made

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
