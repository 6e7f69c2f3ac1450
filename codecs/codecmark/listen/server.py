"""The server of one test: standard library, loopback unless told otherwise; `handler` answers."""

from __future__ import annotations

import ipaddress
import socket
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from codecmark.errors import InputError
from codecmark.listen.addresses import is_loopback, kept_token, own_address
from codecmark.listen.handler import Handler
from codecmark.listen.journal import Journal

STATIC = {
    "/": ("listen.html", "text/html; charset=utf-8"),
    "/listen.css": ("listen.css", "text/css; charset=utf-8"),
    "/player.js": ("player.js", "text/javascript; charset=utf-8"),
    "/listen.js": ("listen.js", "text/javascript; charset=utf-8"),
}
MOST_CONNECTIONS = 1000
MOST_OF_ONE = 64  # connections of one machine; a browser opens six


class ListenServer(ThreadingHTTPServer):
    """Serves a journal's test; `url` is what a listener opens."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, journal: Journal, host: str = "127.0.0.1", port: int = 0) -> None:
        self.journal = journal
        self.on_loopback = is_loopback(host)
        self.token = "" if self.on_loopback else kept_token(journal.design.folder)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.static = {path: (_static(name), kind) for path, (name, kind) in STATIC.items()}
        try:
            super().__init__((host, port), Handler)
        except OSError as error:
            raise InputError(
                f"--host, --port: cannot listen on {host} port {port} ({error.strerror}); name "
                "others"
            ) from error
        self._host = host
        self._count_lock = threading.Lock()
        self._connections: dict[str, int] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, unless there are too many, or too many of that machine."""
        peer = str(client_address[0])
        with self._count_lock:
            most = MOST_CONNECTIONS if is_loopback(peer) else MOST_OF_ONE
            ours = self._connections.get(peer, 0)
            full = ours >= most or sum(self._connections.values()) >= MOST_CONNECTIONS
            if not full:
                self._connections[peer] = ours + 1
        if full:
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            peer = str(client_address[0])
            with self._count_lock:
                left = self._connections.pop(peer) - 1
                if left:
                    self._connections[peer] = left

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep no trace of a connection that broke off: it would hold a listener's address."""

    def server_bind(self) -> None:
        """Bind without a reverse look-up of the host name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

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
            return not self.on_loopback and name.hostname == self._host
        return address.is_loopback or not self.on_loopback


def _static(name: str) -> bytes:
    return (Path(__file__).parent / "static" / name).read_bytes()
