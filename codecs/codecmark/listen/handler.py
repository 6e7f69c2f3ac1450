"""What one may ask of a test's server, and what one is told. Nothing by file name.

A request names a page and a place on it, both of the listener's own session; which file that is,
only the server knows. Host and Origin are checked, so that no other site's page can ask in a
listener's name; beyond loopback a token is needed as well.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from codecmark.errors import InputError
from codecmark.listen import strict_json, wire
from codecmark.listen.journal import AnsweredError
from codecmark.listen.last_bits import varied
from codecmark.listen.notices import Notices
from codecmark.listen.pace import Pace
from codecmark.listen.turns import Turn
from codecmark.listen.views import about, state
from codecmark.listen.wire import RefusedError, Request

if TYPE_CHECKING:
    from codecmark.listen.server import ListenServer

_HEADERS = {
    "Server": "codecmark",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_READERS = 4  # threads that read sounds; one more synchronises answers
_Result = TypeVar("_Result")


class Handler:
    """Answers requests; one event loop, and threads for what waits for a disk."""

    def __init__(self, server: ListenServer) -> None:
        self._server, self._journal = server, server.journal
        self._pace = Pace()
        self._readers = ThreadPoolExecutor(_READERS, "codecmark-listen-sound")
        self._disk = ThreadPoolExecutor(1, "codecmark-listen-disk")
        self._synchronising: asyncio.Future[None] | None = None
        self._read: dict[str, asyncio.Future[None]] = {}
        self._notices = Notices()

    def close(self) -> None:
        """End the threads."""
        self._notices.close()
        self._readers.shutdown()
        self._disk.shutdown()

    async def answer(self, request: Request, peer: str) -> bytes:
        """Return what is sent back, whatever was asked."""
        try:
            if not self._server.knows_host(request.headers.get("host", "")):
                raise RefusedError(HTTPStatus.FORBIDDEN, "host: not this server's")
            target = _path(request.target)
            work = self._get if request.method == "GET" else self._post
            data, kind = await work(request, target, peer)
        except RefusedError as error:
            return self.refusal(error, is_last=request.is_last)
        except InputError as error:
            refused = RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
            return self.refusal(refused, is_last=request.is_last)
        except OSError:
            refused = RefusedError(
                HTTPStatus.INTERNAL_SERVER_ERROR, "the answer could not be stored"
            )
            return self.refusal(refused, is_last=request.is_last)
        return wire.answer(HTTPStatus.OK, _HEADERS, data, kind, is_last=request.is_last)

    def refusal(self, error: RefusedError, *, is_last: bool) -> bytes:
        """Return a refusal, under the same policy as all else."""
        data, kind = _json({"error": str(error)})
        return wire.answer(error.status, _HEADERS, data, kind, is_last=is_last or error.hangs_up)

    async def _get(self, request: Request, path: str, _: str) -> tuple[bytes, str]:
        if path in self._server.static:
            return self._server.static[path]
        self._require_token(request)
        if path == "/api/test":
            return _json(about(self._journal.design))
        if path == "/api/session":
            shown = state(self._journal, self._session(request))
            await self._on_disk()  # or a page is called done that a loss of power takes away
            return _json(shown)
        match path.split("/"):
            case ["", "api", "audio", page, place]:
                return await self._audio(request, page, place), "audio/wav"
        raise _nothing()

    async def _audio(self, request: Request, page: str, place: str) -> bytes:
        journal, session = self._journal, self._session(request)
        turn = journal.turns(session).get(page)
        if turn is None:
            raise _nothing()
        shown = {str(n): name for n, name in enumerate(turn.items)}
        shown["reference"] = turn.reference or ""
        if not (name := shown.get(place)):
            raise _nothing()
        seeds = (journal.design.key.secret or self._server.secret, session, page, place)
        try:
            await self._all_read(turn)
            return await self._in(
                self._readers, lambda: varied(journal.design.sound(name), seeds, name)
            )
        except InputError as error:
            self._read.pop(page, None)
            # the reason is for who runs the server: it names the sound, and so tells which is which
            self._notices.tell(str(error))
            raise RefusedError(
                HTTPStatus.INTERNAL_SERVER_ERROR, "the sound cannot be read; tell who runs the test"
            ) from error

    async def _all_read(self, turn: Turn) -> None:
        """Return once every sound of a page was read since the server began.

        The hidden reference and the open one are one file: without this, the place that is quick,
        or fails, after the open one was asked for would be the reference.
        """
        if turn.page not in self._read:
            design, names = self._journal.design, {*turn.items, *filter(None, [turn.reference])}

            def read() -> None:
                for name in names:
                    design.sound(name)

            loop = asyncio.get_running_loop()
            self._read[turn.page] = loop.run_in_executor(self._readers, read)
        await asyncio.shield(self._read[turn.page])

    async def _post(self, request: Request, path: str, peer: str) -> tuple[bytes, str]:
        headers, journal = request.headers, self._journal
        if "origin" in headers and headers["origin"] != f"http://{headers.get('host', '')}":
            raise RefusedError(HTTPStatus.FORBIDDEN, "origin: not this server's page")
        if headers.get("content-type", "").partition(";")[0] != "application/json":
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        self._require_token(request)
        body = _object(request.body)
        match path:
            case "/api/join":
                if body.get("consent") is not True:
                    raise InputError("consent: is needed to take part")
                name, headphones = body.get("listener", ""), body.get("headphones")
                if not isinstance(name, str) or not isinstance(headphones, bool | None):
                    raise InputError("listener, headphones: text, and yes or no")
                if not self._pace.admits(peer):
                    raise RefusedError(
                        HTTPStatus.TOO_MANY_REQUESTS,
                        "listener: too many began at this machine; try again in a minute",
                    )
                joined = journal.join(name, headphones, waits=False)
                await self._on_disk()
                return _json(state(journal, joined.session))
            case "/api/answer":
                session, page = self._session(request), body.get("page", "")
                if not isinstance(page, str):
                    raise InputError("page: must be text")
                try:
                    is_new = journal.answer(
                        session, page, body.get("values"), body.get("heard_s"),
                        body.get("page_s", 0.0), body.get("comment", ""), waits=False,
                    )  # fmt: skip
                except AnsweredError as error:
                    await self._on_disk()  # the answer that stands, since the listener goes on
                    raise RefusedError(HTTPStatus.CONFLICT, str(error)) from error
                await self._on_disk()
                return _json({"stored": True, "new": is_new})
        raise _nothing()

    async def _on_disk(self) -> None:
        """Return once what was written before is on disk; one call serves all who wait."""
        lines = self._journal.lines
        written = lines.written
        while not lines.is_on_disk(written):  # the call under way may have begun before
            if self._synchronising is None or self._synchronising.done():
                loop = asyncio.get_running_loop()
                self._synchronising = loop.run_in_executor(self._disk, lines.synchronise)
            await asyncio.shield(self._synchronising)

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def _session(self, request: Request) -> str:
        session = request.headers.get("codecmark-session", "")
        try:
            joined = self._journal.session(session)
        except InputError as error:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, str(error)) from error
        if joined.by_file:  # who has the file would answer in its listener's name
            raise RefusedError(
                HTTPStatus.FORBIDDEN, "session: that of a file; hand in what it saves"
            )
        return session

    def _require_token(self, request: Request) -> None:
        given = request.headers.get("codecmark-token", "").encode("utf-8", "replace")
        if self._server.token and not hmac.compare_digest(given, self._server.token.encode()):
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "token: open the whole address again")


def _path(target: str) -> str:
    try:
        return urlsplit(target).path
    except ValueError as error:
        raise _nothing() from error


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = strict_json.read(data)
    except InputError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"body: {error}") from error
    if not isinstance(body, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "body: not a JSON object")
    return body


def _nothing() -> RefusedError:
    return RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")


def _json(value: object) -> tuple[bytes, str]:
    return json.dumps(value).encode(), "application/json"
