"""One connection to a test's server: what it may ask, and what it is told. Nothing by file name.

A request names a page and a place on it, both of the listener's own session; which file that is,
only the server knows. Host and Origin are checked, so that no other site's page can ask in a
listener's name; beyond loopback a token is needed as well.
"""

from __future__ import annotations

import hmac
import io
import json
import socket
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from codecmark.errors import InputError
from codecmark.listen.views import about, state

if TYPE_CHECKING:
    from codecmark.listen.server import ListenServer

LARGEST_BODY = 64 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_REQUEST_S = 30.0  # for a whole request, however slowly it is sent, the wait for it included
_ANSWER_S = 120.0  # to send a sound over a poor connection


class _RefusedError(Exception):
    """What the client is told."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Timed(io.RawIOBase):
    """What a connection sends, up to a moment that does not move while it sends."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.until = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "codecmark"
    sys_version = ""
    timeout = _REQUEST_S
    disable_nagle_algorithm = True
    server: ListenServer

    def setup(self) -> None:
        """Read with a limit of time for each request."""
        super().setup()
        self._timed = _Timed(self.connection)
        self.rfile.close()
        self.rfile = io.BufferedReader(self._timed)

    def handle_one_request(self) -> None:
        """Take a request, which has to be whole in time."""
        self._timed.until = time.monotonic() + _REQUEST_S
        super().handle_one_request()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request that this server takes, under the same policy as all else."""
        del explain
        self.close_connection = True
        self.request_version = self.protocol_version  # not that of 1991, whose answers are bare
        self._refuse(HTTPStatus(code), message or HTTPStatus(code).phrase)

    def do_GET(self) -> None:
        """Send the page, the state of a session, or a sound."""
        self._answered(self._get)

    def do_POST(self) -> None:
        """Begin a session, or take a page's answer."""
        self._answered(self._post)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - of the base class
        """Keep no log, since it would hold the addresses of listeners."""

    def _answered(self, work: Any) -> None:
        try:
            if "Transfer-Encoding" in self.headers:
                self.close_connection = True
                raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "Content-Length: is needed")
            if self.command == "GET" and "Content-Length" in self.headers:
                self.close_connection = True  # its body would be taken for the next request
            if not self.server.knows_host(self.headers.get("Host", "")):
                raise _RefusedError(HTTPStatus.FORBIDDEN, "host: not this server's")
            data, kind = work()
            self._send(HTTPStatus.OK, data, kind)
        except _RefusedError as error:
            self._refuse(error.status, str(error))
        except InputError as error:
            self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except OSError:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "the answer could not be stored")

    def _get(self) -> tuple[bytes, str]:
        path = self._target().path
        if path in self.server.static:
            return self.server.static[path]
        self._require_token()
        if path == "/api/test":
            return _json(about(self.server.journal.design))
        if path == "/api/session":
            return _json(state(self.server.journal, self._session()))
        match path.split("/"):
            case ["", "api", "audio", page, place]:
                return self._audio(page, place), "audio/wav"
        raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _target(self) -> SplitResult:
        try:
            return urlsplit(self.path)
        except ValueError as error:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here") from error

    def _audio(self, page: str, place: str) -> bytes:
        journal = self.server.journal
        turn = journal.turns(self._session()).get(page)
        if turn is None or not (place == "reference" or (place.isdecimal() and len(place) < 3)):
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        name = turn.reference
        if place != "reference":
            name = dict(enumerate(turn.items)).get(int(place))
        if name is None:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        return journal.design.sound(name)

    def _post(self) -> tuple[bytes, str]:
        body = self._body()
        self._require_token()
        journal = self.server.journal
        match self._target().path:
            case "/api/join":
                if body.get("consent") is not True:
                    raise InputError("consent: is needed to take part")
                name, headphones = body.get("listener", ""), body.get("headphones")
                if not isinstance(name, str) or not isinstance(headphones, bool | None):
                    raise InputError("listener, headphones: text, and yes or no")
                joined = journal.join(name, headphones)
                return _json(state(journal, joined.session))
            case "/api/answer":
                session, page = self._session(), body.get("page", "")
                if not isinstance(page, str):
                    raise InputError("page: must be text")
                is_new = journal.answer(
                    session, page, body.get("values"), body.get("heard_s"),
                    body.get("page_s", 0.0), body.get("comment", ""),
                )  # fmt: skip
                return _json({"stored": True, "new": is_new})
        raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _body(self) -> dict[str, Any]:
        """Read a JSON object from our own page, of bounded size."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal() and len(length) < 10):
            self.close_connection = True
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "Content-Length: is needed")
        if int(length) > LARGEST_BODY:
            self.close_connection = True
            raise _RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_BODY} bytes"
            )
        data = self.rfile.read(int(length))
        if len(data) < int(length):
            raise ConnectionError
        origin = self.headers.get("Origin")
        if origin is not None and origin != f"http://{self.headers.get('Host', '')}":
            raise _RefusedError(HTTPStatus.FORBIDDEN, "origin: not this server's page")
        if self.headers.get("Content-Type", "").partition(";")[0] != "application/json":
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        try:
            body = json.loads(data, parse_constant=_refused_constant)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "not a JSON object")
        return body

    def _session(self) -> str:
        session = self.headers.get("Codecmark-Session", "")
        try:
            self.server.journal.session(session)
        except InputError as error:
            raise _RefusedError(HTTPStatus.UNAUTHORIZED, str(error)) from error
        return session

    def _require_token(self) -> None:
        given = self.headers.get("Codecmark-Token", "").encode("utf-8", "replace")
        if self.server.token and not hmac.compare_digest(given, self.server.token.encode()):
            raise _RefusedError(HTTPStatus.UNAUTHORIZED, "token: open the whole address again")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        data, kind = _json({"error": message})
        if self.command == "POST" and status is HTTPStatus.FORBIDDEN:
            self.close_connection = True
        self._send(status, data, kind)

    def _send(self, status: HTTPStatus, data: bytes, kind: str) -> None:
        try:
            self.connection.settimeout(_ANSWER_S)
            self.send_response(status)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)
        except (ConnectionError, TimeoutError):
            self.close_connection = True


def _json(value: object) -> tuple[bytes, str]:
    return json.dumps(value).encode(), "application/json"


def _refused_constant(name: str) -> None:
    raise ValueError(name)
