"""Files of lines with a checksum each: changed below it, and the files of rows."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

from codecmark.results import salvage, store
from fuzzing.mutation import encoded, reworded
from fuzzing.targets import FoundError
from made_rows import row


def with_another(data: bytes, chance: random.Random) -> bytes:
    """Change what one line says and seal it again; or lines themselves."""
    lines = data.splitlines()
    at = chance.randrange(len(lines))
    content, seal, _ = lines[at].rpartition(b',"crc32"')
    kind = chance.randrange(5)
    if kind == 0:
        lines.insert(at, chance.choice(lines))
    elif kind == 1:
        del lines[at]
    elif seal:
        text = content.decode(errors="replace")
        try:
            record = json.loads(text + "}")
        except ValueError:
            record = {}
        if kind == 2 and record:
            record[chance.choice(list(record))] = chance.choice(
                (None, -1, 2**70, 1e308, "", "x" * 9_999, [], {}, True, [[]], {"a": 1}, "\ud800")
            )
            text = json.dumps(record)[:-1]
        else:
            text = reworded(text, chance)
        whole = encoded(text)
        lines[at] = whole + b',"crc32":"%08x"}' % zlib.crc32(whole + b"}")
    return b"\n".join(lines) + b"\n"


def of_rows(folder: Path) -> list[bytes]:
    """Return a small file of rows."""
    rows = [row(spec, clip) for spec in ("pcm16", "flac") for clip in "ab"]
    rows.append(row("opus@24k", reasons={"estoi": "only for speech"}, notes={"level": "held"}))
    store.append(folder, rows)
    return [(folder / "rows" / "r1.jsonl").read_bytes()]


def read(path: Path) -> None:
    """Read and verify it: what one takes, the other calls whole."""
    results = path.parents[1]
    damages = salvage.damages(results, "r1")
    kept = store.read(results, ["r1"])
    if damages:
        raise FoundError(f"{len(kept)} rows were read, {damages[0]} says verify")
