"""The server of one test: standard library, loopback unless told otherwise; `handler` answers.

One event loop serves all connections, so that an idle one costs no thread, and answers that come
together are synchronised together.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from codecmark.errors import InputError
from codecmark.listen.addresses import is_loopback, kept_token, own_address
from codecmark.listen.handler import Handler
from codecmark.listen.journal import Journal
from codecmark.listen.pace import machine_of
from codecmark.listen.wire import RefusedError, Wire

STATIC = {
    "/": ("listen.html", "text/html; charset=utf-8"),
    "/listen.css": ("listen.css", "text/css; charset=utf-8"),
    "/player.js": ("player.js", "text/javascript; charset=utf-8"),
    "/listen.js": ("listen.js", "text/javascript; charset=utf-8"),
}
MOST_CONNECTIONS = 1000
MOST_OF_ONE = 64  # connections of one machine; a browser opens six
REQUEST_S = 30.0  # for a whole request, however slowly it is sent, the wait for it included
ANSWER_S = 120.0  # to send a sound over a poor connection
_LINGER_S = 2.0
_TURNS = 3  # of the loop, for what was accepted when it is to end
_PAUSE_S = 0.05  # after a failure to accept


class ListenServer:
    """Serves a journal's test; `url` is what a listener opens."""

    def __init__(self, journal: Journal, host: str = "127.0.0.1", port: int = 0) -> None:
        self.journal = journal
        self.on_loopback = is_loopback(host)
        self.token = "" if self.on_loopback else kept_token(journal.design.folder)
        self.secret = secrets.token_hex(16)  # in place of the key's, which old tests lack
        self.static = {path: (_static(name), kind) for path, (name, kind) in STATIC.items()}
        self._host = host
        self._connections: dict[str | None, int] = {}
        self._stopped = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
            self._socket.listen(512)
            self._socket.setblocking(False)
        except (OSError, OverflowError) as error:
            self._socket.close()
            reason = getattr(error, "strerror", None) or error
            raise InputError(
                f"--host, --port: cannot listen on {host} port {port} ({reason}); name others"
            ) from error
        self.server_port: int = self._socket.getsockname()[1]

    def serve_forever(self) -> None:
        """Serve until `shutdown`, or until interrupted."""
        asyncio.run(self._serve())

    def shutdown(self) -> None:
        """Let `serve_forever` end, from another thread."""
        self._stopped.set()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)

    def server_close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @property
    def url(self) -> str:
        """The address of the page, with the token where there is one."""
        host = self._host
        if host in {"0.0.0.0", "::"}:  # noqa: S104 - what the user asked for
            host = own_address()
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.server_port}/" + (f"#{self.token}" if self.token else "")

    def knows_host(self, header: str) -> bool:
        """Say whether a Host header is ours: another site's name that points here is not."""
        try:
            name = urlsplit(f"//{header}")
            port = name.port or 80
        except ValueError:
            return False
        if port != self.server_port or name.hostname is None or "@" in header:
            return False
        if name.hostname == "localhost":
            return True
        try:
            address = ipaddress.ip_address(name.hostname)
        except ValueError:
            return not self.on_loopback and name.hostname == self._host.lower()
        return address.is_loopback or not self.on_loopback

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        # keep no trace of a connection that broke off: it would hold a listener's address
        loop.set_exception_handler(lambda _loop, _context: None)
        handler = Handler(self)
        talks: dict[asyncio.Task[None], socket.socket] = {}
        accepting = loop.create_task(self._accept(handler, talks))
        try:
            self._loop = loop
            if not self._stopped.is_set():
                await self._stop.wait()
        finally:
            self._loop = None
            self._stopped.set()
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            connections = list(talks.values())
            await _end([accepting, *talks])
            for connection in connections:  # a task that never ran closes nothing itself
                connection.close()
            handler.close()

    async def _accept(
        self, handler: Handler, talks: dict[asyncio.Task[None], socket.socket]
    ) -> None:
        """Begin a task for each connection, unless there are too many, or too many of a machine."""
        loop = asyncio.get_running_loop()
        while not self._stopped.is_set():
            try:
                connection, address = await loop.sock_accept(self._socket)
            except OSError:  # it broke off, or there are no more descriptors
                await asyncio.sleep(_PAUSE_S)
                continue
            peer = str(address[0])
            machine = machine_of(peer)
            most = MOST_CONNECTIONS if machine is None else MOST_OF_ONE
            ours = self._connections.get(machine, 0)
            if ours >= most or len(talks) >= MOST_CONNECTIONS:
                connection.close()
                continue
            self._connections[machine] = ours + 1
            talk = loop.create_task(_connected(handler, peer, connection))
            talks[talk] = connection
            talk.add_done_callback(partial(self._ended, talks, machine))

    def _ended(
        self,
        talks: dict[asyncio.Task[None], socket.socket],
        machine: str | None,
        talk: asyncio.Task[None],
    ) -> None:
        del talks[talk]
        if left := self._connections.pop(machine) - 1:
            self._connections[machine] = left


async def _connected(handler: Handler, peer: str, connection: socket.socket) -> None:
    """Serve a connection to its end."""
    try:
        reader, writer = await asyncio.open_connection(sock=connection)
        writer.transport.set_write_buffer_limits(0)  # an answer is sent when all of it is
        try:
            await _talk(handler, peer, reader, writer)
        finally:  # whatever is left: or who reads nothing would stay, and not be counted
            writer.transport.abort()
    except OSError:
        pass
    finally:
        connection.close()


async def _talk(
    handler: Handler, peer: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer request after request, each of which has to be whole in time."""
    wire = Wire(reader, writer)
    while True:
        try:
            async with asyncio.timeout(REQUEST_S):
                request = await wire.request()
        except RefusedError as error:
            await _send(writer, handler.refusal(error, is_last=True))
            writer.write_eof()
            async with asyncio.timeout(_LINGER_S):
                await wire.discard()
            return
        if request is None:
            return
        await _send(writer, await handler.answer(request, peer))
        if request.is_last:
            return
        await asyncio.sleep(0)  # others come first, however many requests lie here


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks, and let what they leave behind be closed."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    async with asyncio.timeout(ANSWER_S):
        await writer.drain()


def _static(name: str) -> bytes:
    return (Path(__file__).parent / "static" / name).read_bytes()
