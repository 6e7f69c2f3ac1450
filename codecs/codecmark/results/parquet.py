"""A run as one Parquet file, for hundreds of thousands of rows; needs the extra `codecmark[scale]`.

`results/rows/<run id>.parquet` holds the current rows of a run (see `store.latest`) in the order in
which they were made, one column per field; `versions`, `reasons` and `notes` are JSON texts. A run
that is continued afterwards appends to a new JSON Lines file beside it, and compacting again joins
the two. The file's digest, which is checked whenever it is read, is in `<run id>.parquet.sha256`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from codecmark.errors import ResultSchemaError, UnavailableError
from codecmark.results.row import IDENTITY, ResultRow, checked, of_this_schema
from codecmark.system import whole_files
from codecmark.system.digest import file_sha256

_MEMORY = "1GB"
_BATCH = 10_000
TEXTS = ("versions", "reasons", "notes")
_COLUMN_TYPES = {int: "BIGINT", float: "DOUBLE", dict: "JSON"}


def connect() -> Any:
    """Return a DuckDB connection in memory.

    Raises
    ------
    UnavailableError
        If DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise UnavailableError(
            "Parquet runs need the package duckdb", "install it: pip install 'codecmark[scale]'"
        ) from error
    return duckdb.connect(config={"memory_limit": _MEMORY})


def compact(lines: Path, target: Path, check: Callable[[Path], None] = lambda _: None) -> int:
    """Write the rows of a JSON Lines file, after those `target` has, to `target`; return how many.

    Parameters
    ----------
    check : callable
        Called with the new file, which is on disk, before it takes the place of `target`.

    Raises
    ------
    ResultSchemaError
        If a line is not a row; `codecmark leaderboard` on the JSON Lines names it.
    """
    connection = connect()
    import duckdb

    columns = {name: _column_type(kind) for name, kind in get_type_hints(ResultRow).items()}
    names = ", ".join(columns)
    typed = json.dumps({**columns, "versions_id": "VARCHAR"}).replace('"', "'")
    part = target.with_suffix(".parquet.part")
    earlier = (
        f"SELECT 0 AS part, row_number() OVER () AS line, {names} "  # noqa: S608 - names are ours
        f"FROM {source(target)} UNION ALL "
        if target.is_file()
        else ""
    )
    query = f"""
        COPY (
            WITH lines AS (
                SELECT *, row_number() OVER () AS line
                FROM read_json('{_quoted(lines)}', format='newline_delimited', columns={typed})
            ), headings AS (
                SELECT versions_id, any_value(versions) AS table_ FROM lines
                WHERE versions_id IS NOT NULL GROUP BY versions_id
            ), rows AS (
                {earlier}
                SELECT 1 AS part, line, {names} FROM (
                    SELECT lines.* EXCLUDE (versions_id)
                        REPLACE (coalesce(headings.table_, versions) AS versions)
                    FROM lines LEFT JOIN headings
                    ON json_extract_string(versions, '$') = headings.versions_id
                    WHERE lines.versions_id IS NULL
                )
            ), last AS (
                SELECT *, last_value(
                    CASE WHEN clip IS NOT NULL AND weights IS NOT NULL
                        THEN concat_ws(' ', weights, weights_sha256) END IGNORE NULLS
                ) OVER (
                    PARTITION BY spec, condition ORDER BY part, line
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                ) AS weights_now
                FROM rows
                QUALIFY row_number() OVER (
                    PARTITION BY {", ".join(IDENTITY)} ORDER BY part DESC, line DESC
                ) = 1
            )
            SELECT {names} FROM last
            WHERE weights_now IS NULL OR (clip IS NOT NULL AND weights IS NULL)
                OR concat_ws(' ', weights, weights_sha256) = weights_now
            ORDER BY part, line
        ) TO '{_quoted(part)}' (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
    """  # noqa: S608
    part.unlink(missing_ok=True)  # of an interruption, or a link that DuckDB would follow
    try:
        connection.execute(query)
    except duckdb.Error as error:
        part.unlink(missing_ok=True)
        raise ResultSchemaError(f"{lines}: {str(error).splitlines()[0]}") from error
    count: int = connection.execute(
        f"SELECT count(*) FROM read_parquet('{_quoted(part)}')"  # noqa: S608
    ).fetchone()[0]
    try:
        _sync(part)
        check(part)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    put_in_place(part, target)
    return count


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def state(path: Path) -> tuple[int, tuple[int, ...], bool]:
    """Return how many rows a file has, of which schemas, and whether its digest is beside it."""
    query = f"SELECT schema_version, count(*) FROM {source(path)} GROUP BY 1 ORDER BY 1"  # noqa: S608
    counts = connect().execute(query).fetchall()
    return sum(n for _, n in counts), tuple(v for v, _ in counts), bool(_digests(path))


def verify(path: Path) -> None:
    """Check a file against the digest beside it, if there is one.

    Raises
    ------
    ResultSchemaError
        If they differ; says what to do.
    """
    digests = _digests(path)
    if digests and file_sha256(path) not in digests:
        raise ResultSchemaError(
            f"{path}: its SHA-256 is not the one in {_beside(path).name}, so it was changed or "
            "damaged; restore it from a copy, or remove both and run the same command again"
        )


def has_digest(path: Path) -> bool:
    """Return whether the digest of a file is beside it."""
    return bool(_digests(path))


def write_digest(path: Path) -> None:
    """Write the digest of a file beside it."""
    _write_digests(path, [file_sha256(path)])


def put_in_place(part: Path, target: Path) -> None:
    """Replace a file and its digest so that no interruption leaves one without the other."""
    digest = file_sha256(part)
    _write_digests(target, [*_digests(target), digest])
    part.replace(target)
    _write_digests(target, [digest])


def _digests(path: Path) -> list[str]:
    """Return the digests that a file may have; two while it is being replaced."""
    beside = _beside(path)
    if not beside.is_file():
        return []
    lines = beside.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.partition(" ")[0] for line in lines]


def _write_digests(path: Path, digests: list[str]) -> None:
    text = "".join(f"{digest}  {path.name}\n" for digest in digests)
    whole_files.write_inside(path.parent, _beside(path).name, text)


def _beside(path: Path) -> Path:
    return path.with_suffix(".parquet.sha256")


def _file(path: Path) -> str:
    return f"read_parquet('{_quoted(path)}', file_row_number = true)"


def source(path: Path) -> str:
    """Return the SQL of a run's table, rows numbered as `file_row_number`.

    Fields that its codecmark did not have yet are null.
    """
    verify(path)
    file = _file(path)
    with _named(path):
        described = connect().execute(f"DESCRIBE SELECT * FROM {file}")  # noqa: S608
        present = {name for name, *_ in described.fetchall()}
    lacking = [
        f"CAST(NULL AS {_column_type(kind)}) AS {name}"
        for name, kind in get_type_hints(ResultRow).items()
        if name not in present
    ]
    return f"(SELECT {', '.join(['*', *lacking])} FROM {file})"  # noqa: S608


def rows(path: Path) -> Iterator[ResultRow]:
    """Yield the rows of a Parquet file, in order."""
    names = list(get_type_hints(ResultRow))
    table = source(path)
    with _named(path):
        cursor = connect().execute(f"SELECT {', '.join(names)} FROM {table}")  # noqa: S608
    number = 0
    while batch := _batch(path, cursor):
        for number, values in enumerate(batch, start=number + 1):  # noqa: B020 - it counts on
            try:
                yield _row(dict(zip(names, values, strict=True)))
            except ResultSchemaError as error:
                raise ResultSchemaError(f"{path} row {number}: {error}") from error


def _batch(path: Path, cursor: Any) -> list[tuple[Any, ...]]:
    with _named(path):
        batch: list[tuple[Any, ...]] = cursor.fetchmany(_BATCH)
    return batch


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Have what DuckDB finds wrong with a file say which file."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise ResultSchemaError(f"{path}: {str(error).splitlines()[0]}") from error


def _row(record: dict[str, Any]) -> ResultRow:
    if record["schema_version"] is None:
        raise ResultSchemaError("schema_version: missing, so this is not a row")
    for name in TEXTS:
        record[name] = _object(record[name] or "{}").copy()
    return ResultRow(**checked(of_this_schema(record)))


@cache
def _object(text: str) -> dict[str, str]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultSchemaError(f"not strict JSON: {error}") from error
    if not isinstance(table, dict):
        raise ResultSchemaError(f"{text[:40]!r} is no table")
    return table


def _column_type(kind: Any) -> str:
    choices = {getattr(choice, "__origin__", choice) for choice in (*get_args(kind), kind)}
    return next((name for type_, name in _COLUMN_TYPES.items() if type_ in choices), "VARCHAR")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
