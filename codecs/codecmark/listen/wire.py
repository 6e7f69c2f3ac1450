"""Requests and answers of HTTP/1.1 (RFC 9112) as bytes, read strictly and in bounded size.

Only what a listening test needs: GET and POST, bodies of a stated length, many requests on one
connection. What could be read in two ways is refused, so that nothing in front of the server can
take one request for two.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

LARGEST_HEAD: Final = 32 * 1024
LARGEST_BODY: Final = 64 * 1024
MOST_HEADERS: Final = 100
_END = b"\r\n\r\n"
_LINE = re.compile(r"(\S+) (\S+) HTTP/(\d)\.(\d)")
# of a header: patterns in which a character matches in one way only, so that none takes long
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_READ_BYTES = 64 * 1024


class RefusedError(Exception):
    """What the client is told; `hangs_up` where its next bytes could not be told apart."""

    def __init__(self, status: HTTPStatus, message: str, *, hangs_up: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.hangs_up = hangs_up


@dataclass(frozen=True)
class Request:
    """One request; names of headers in small letters, each header once."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    is_last: bool


class Wire:
    """The requests of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._pending = bytearray()

    async def request(self) -> Request | None:
        """Return the next request, or None where the peer sends no more.

        Raises
        ------
        RefusedError
            If it is none that this server takes; nothing can be read after it.
        """
        end = await self._until_end_of_head()
        if end < 0:
            return None
        head = self._pending[:end].decode("latin-1")
        del self._pending[: end + len(_END)]
        method, target, headers, is_last = _parsed(head)
        length = _length(method, headers)
        if len(self._pending) < length and headers.get("expect", "").lower() == "100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(self._pending) < length:
            if not (data := await self._reader.read(_READ_BYTES)):
                return None
            self._pending += data
        body = bytes(self._pending[:length])
        del self._pending[:length]
        return Request(method, target, headers, body, is_last)

    async def discard(self) -> None:
        """Read what the peer still sends, so that it gets to read why it was refused."""
        left = 2 * LARGEST_BODY
        while left > 0 and (data := await self._reader.read(_READ_BYTES)):
            left -= len(data)

    async def _until_end_of_head(self) -> int:
        """Return where the head ends, or -1 where the peer sends no more."""
        sought = 0  # or a head that comes byte by byte would be read as often as it has bytes
        while (end := self._pending.find(_END, sought, LARGEST_HEAD)) < 0:
            if len(self._pending) >= LARGEST_HEAD:
                if b"\r\n" in self._pending:
                    raise _refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                raise _refused(HTTPStatus.REQUEST_URI_TOO_LONG)
            if not (data := await self._reader.read(_READ_BYTES)):
                return -1
            sought = max(0, len(self._pending) - len(_END))
            self._pending += data
        return end


def answer(
    status: HTTPStatus, headers: dict[str, str], data: bytes, kind: str, *, is_last: bool
) -> bytes:
    """Return an answer as it is sent."""
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Date: {formatdate(usegmt=True)}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(data)}",
    ]
    if is_last:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + data


def _parsed(head: str) -> tuple[str, str, dict[str, str], bool]:
    line, *rest = head.split("\r\n")
    parts = _LINE.fullmatch(line)
    if parts is None:
        raise _refused(HTTPStatus.BAD_REQUEST)
    method, target, major, minor = parts.groups()
    if major != "1":
        raise _refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    if method not in {"GET", "POST"}:
        raise _refused(HTTPStatus.NOT_IMPLEMENTED)
    if len(rest) > MOST_HEADERS:
        raise _refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    headers: dict[str, str] = {}
    for each in rest:
        name, colon, value = each.partition(":")
        if not colon or not _NAME.fullmatch(name) or _FORBIDDEN.search(value):
            raise _refused(HTTPStatus.BAD_REQUEST)
        name, value = name.lower(), value.strip(" \t")
        if name in headers and name not in _REPEATABLE:
            raise RefusedError(
                HTTPStatus.BAD_REQUEST, f"{name:.40}: is there twice", hangs_up=True
            )  # fmt: skip
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    connection = headers.get("connection", "").lower()
    is_last = "close" in connection or (minor == "0" and "keep-alive" not in connection)
    return method, target, headers, is_last


# what browsers and what stands before a server may send more than once, none of it read here
_REPEATABLE = {
    "accept", "accept-encoding", "accept-language", "cache-control", "connection", "cookie",
    "forwarded", "via", "x-forwarded-for",
}  # fmt: skip


def _length(method: str, headers: dict[str, str]) -> int:
    """Return how many bytes of body follow."""
    text = headers.get("content-length", "")
    if "transfer-encoding" in headers:
        raise RefusedError(
            HTTPStatus.LENGTH_REQUIRED, "Content-Length: is needed, in place of Transfer-Encoding",
            hangs_up=True,
        )  # fmt: skip
    if method == "GET" and text in {"", "0"}:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "Content-Length: is needed", hangs_up=True)
    if method == "GET":
        raise RefusedError(HTTPStatus.BAD_REQUEST, "GET: takes no body", hangs_up=True)
    if int(text) > LARGEST_BODY:
        raise RefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_BODY} bytes", hangs_up=True
        )
    return int(text)


def _refused(status: HTTPStatus) -> RefusedError:
    return RefusedError(status, status.phrase, hangs_up=True)
