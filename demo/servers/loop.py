"""An asyncio loop in a thread: how the servers written in Python run beside their caller."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """A running loop in a daemon thread; ``stop`` closes servers, connections and tasks."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
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
        protocol: Callable[[], asyncio.BaseProtocol],
        *,
        address: str = "127.0.0.1",
        tls: Any = None,
    ) -> int:
        """Serve a protocol on a free port, with implicit TLS if a context is given; the port."""

        async def start() -> int:
            server = await self._loop.create_server(protocol, address, 0, ssl=tls)
            self._servers.append(server)
            port: int = server.sockets[0].getsockname()[1]
            return port

        return self.run(start())

    def adopt(self, server: asyncio.AbstractServer) -> None:
        """Close this server too when the loop stops."""
        self._servers.append(server)

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
        # Closed transports say goodbye (TLS close_notify) in the loop's next rounds.
        await asyncio.sleep(0.05)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
