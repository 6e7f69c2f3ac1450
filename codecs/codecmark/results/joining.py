"""Which rows of several runs make one, without bringing back what was replaced.

Rows carry no time. Which of two rows of one codec and clip is the newer is known only where one
run has had both: what came later replaced the other. So a row takes the place of another, as
sound as itself, only if its own run had that other one and replaced it, or if it has the times that
the other lacks. Otherwise it is left out and counted, and who merges may ask for it; a row with the
key of the other, of the same code and clip that is, says nothing new and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from codecmark.results.lines import row_digest
from codecmark.results.row import ResultRow
from codecmark.results.store import latest

_Identity = tuple[object, ...]
_Codec = tuple[str, str]  # spec and condition


@dataclass(frozen=True)
class Joined:
    """Rows to append to a run, and how many others may be older or newer than what it has."""

    added: list[ResultRow]
    left_out: int


class History:
    """The rows of one run: the current ones, and the digests of all and of those no longer current.

    Parameters
    ----------
    rows : iterable of ResultRow
        All rows in the order in which they were made; of a compacted run only the current ones are
        left.
    """

    def __init__(self, rows: Iterable[ResultRow]) -> None:
        digests = {}

        def each() -> Iterator[ResultRow]:
            for number, row in enumerate(rows):
                digests[number] = _digest(row)
                yield replace(row, run_id=str(number))

        self.current = {digests[int(row.run_id)]: row for row in latest(each())}
        self.all = frozenset(digests.values())
        self.replaced = self.all - self.current.keys()


def join(
    run_id: str, there: History, sources: Sequence[History], *, replacing: bool = False
) -> Joined:
    """Return what a run gets of others.

    Parameters
    ----------
    there : History
        The run as it is.
    sources : sequence of History
        The others. Of two rows of which nothing says which is newer, the one that comes first here
        is taken.
    replacing : bool
        Whether rows of the sources take the place of those there; of a sound row none that failed.
    """
    state = _State()
    if not replacing:
        state.fill(there.current)
    joining = _Joining(state, frozenset() if replacing else there.all, sources)
    left_out = joining.run()
    kept = _State()
    kept.fill(there.current)
    added = {
        digest: replace(row, run_id=run_id)
        for source in reversed(sources)
        for digest, row in source.current.items()
        if digest in state.digests
        and digest not in kept.digests
        and not (replacing and kept.says_more(row))
    }
    return Joined(list(added.values()), len(left_out))


class _State:
    """Rows as `latest` would leave them, whatever is put to them."""

    def __init__(self) -> None:
        self.digests: set[str] = set()
        self._codecs: dict[_Codec, dict[_Identity, tuple[str, ResultRow]]] = {}
        self._weights: dict[_Codec, tuple[str | None, str | None]] = {}

    def fill(self, rows: dict[str, ResultRow]) -> None:
        """Put rows that stand side by side."""
        for digest, row in rows.items():
            self.put(digest, row)

    def put(self, digest: str, row: ResultRow) -> None:
        """Take a row, in the place of that of its identity and of those with other weights."""
        group = self._codecs.setdefault(_codec(row), {})
        if row.clip is not None and row.weights is not None:
            self._weights[_codec(row)] = _weights(row)
            for identity, (_, other) in list(group.items()):
                if other.weights is not None and _weights(other) != _weights(row):
                    self.digests.remove(group.pop(identity)[0])
        if earlier := group.pop(row.identity, None):
            self.digests.remove(earlier[0])
        group[row.identity] = digest, row
        self.digests.add(digest)

    def like(self, row: ResultRow) -> tuple[str, ResultRow] | None:
        """Return the row of the same identity."""
        return self._codecs.get(_codec(row), {}).get(row.identity)

    def says_more(self, row: ResultRow) -> bool:
        """Return whether another row is sound where this one failed, or has trained weights."""
        rows = (other for _, other in self._codecs.get(_codec(row), {}).values())
        if row.status != "ok":
            same = self.like(row)
            is_good = same is not None and same[1].status == "ok"
            return is_good or (row.clip is None and any(other.status == "ok" for other in rows))
        return row.weights == "random" and any(
            other.status == "ok" and other.weights not in {None, "random"} for other in rows
        )

    def displaced_by(self, row: ResultRow) -> list[tuple[str, ResultRow]]:
        """Return the rows that would go if this one came, but those that say less."""
        group = self._codecs.get(_codec(row), {})
        others = [] if row.identity not in group else [group[row.identity]]
        now = self._weights.get(_codec(row))
        if row.clip is not None and row.weights is not None and now not in {None, _weights(row)}:
            others += [one for one in group.values() if _weights(one[1]) == now]
        return [
            (digest, other)
            for digest, other in others
            if (other.status == "ok" or row.status != "ok")
            and (other.weights != "random" or row.weights in {None, "random"})
        ]


class _Joining:
    """Puts the rows of sources to a state until none is left that may come."""

    def __init__(self, state: _State, known: frozenset[str], sources: Sequence[History]) -> None:
        self._state = state
        self._known = known
        self._sources = sources
        self._replaced = frozenset[str]().union(*(source.replaced for source in sources))
        self._put: set[str] = set()

    def run(self) -> set[str]:
        """Return what was left out because nothing says whether it is newer."""
        while True:
            before = len(self._put)
            left_out = {digest for source in self._sources for digest in self._pass(source)}
            if len(self._put) == before:
                return left_out - self._state.digests

    def _pass(self, source: History) -> Iterator[str]:
        """Put what may come of a source, and yield what is left out."""
        for digest, row in source.current.items():
            if digest in self._known or digest in self._put or self._state.says_more(row):
                continue
            displaced = self._state.displaced_by(row)
            if displaced and digest in self._replaced:
                continue
            if displaced and not self._is_newer(row, displaced, source):
                if row.status == "ok" and not any(
                    _is_same_measurement(row, other) for _, other in displaced
                ):
                    yield digest
                continue
            self._put.add(digest)
            self._state.put(digest, row)

    @staticmethod
    def _is_newer(
        row: ResultRow, displaced: Sequence[tuple[str, ResultRow]], source: History
    ) -> bool:
        if any(digest in source.replaced for digest, _ in displaced):
            return True
        return all(_only_adds_times(row, other) for _, other in displaced)


def _only_adds_times(row: ResultRow, other: ResultRow) -> bool:
    """Return whether a row is another one with times."""
    return (
        _is_same_measurement(row, other)
        and other.encode_s is None
        and row.encode_s is not None
        and other.listeners is None
    )


def _is_same_measurement(row: ResultRow, other: ResultRow) -> bool:
    """Return whether two rows are of the same code and clip, and say the same but times."""
    return (
        row.identity == other.identity
        and row.key is not None
        and row.key == other.key
        and row.status == other.status == "ok"
    )


def _codec(row: ResultRow) -> _Codec:
    return row.spec, row.condition


def _weights(row: ResultRow) -> tuple[str | None, str | None]:
    return row.weights, row.weights_sha256


def _digest(row: ResultRow) -> str:
    """Return what tells rows apart in whichever run they are."""
    return row_digest(replace(row, run_id=""))
