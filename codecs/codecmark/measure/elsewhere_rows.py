"""Rows of decoded files that were made elsewhere: real quality, a stated rate, nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict

from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.condition import Condition
from codecmark.errors import InputError
from codecmark.measure.content_key import predictors_here, scored_by
from codecmark.measure.decoded_files import PreparedPair, without_codec
from codecmark.measure.elsewhere import prepare_pair
from codecmark.measure.pair_list import FAMILY, ListedPair
from codecmark.measure.scoring import Scorer
from codecmark.networks.weights import WeightLocator
from codecmark.results.builder import RowBuilder
from codecmark.results.row import ResultRow
from codecmark.system.digest import file_sha256

NO_STREAM = "made elsewhere: the decoded sound is here, the coded form is not"
NO_CODEC = "made elsewhere: the codec was not run here"


def key_of(pair: ListedPair, condition: Condition, weights: WeightLocator) -> str:
    """Return the content key of a pair's row, 64 hexadecimal digits.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    try:
        files = [file_sha256(path) for path in (pair.reference, pair.decoded)]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{pair.reference}, {pair.decoded}: cannot be read ({error})") from error
    says = [
        pair.spec, pair.kbps, pair.clip, pair.source, pair.clip_class, dict(pair.notes), files,
        asdict(condition), scored_by(__name__), predictors_here(condition, weights),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(says, sort_keys=True).encode()).hexdigest()


def rows_of(
    pairs: Sequence[ListedPair],
    condition: Condition,
    run_id: str,
    scorer: Scorer,
    weights: WeightLocator,
) -> list[ResultRow]:
    """Score pairs side by side; one that cannot be scored becomes a failed row that says why."""
    prepared = [_prepare(pair, condition) for pair in pairs]
    scores = iter(
        scorer.score([each.job(weights) for each in prepared if isinstance(each, PreparedPair)])
    )
    rows = []
    for pair, each in zip(pairs, prepared, strict=True):
        builder = _begun(pair, condition, run_id, weights)
        if isinstance(each, PreparedPair):
            each.put(builder, each.complete(next(scores)))
        else:
            builder.fail(str(each))
        rows.append(builder.finish())
    return rows


def _prepare(pair: ListedPair, condition: Condition) -> PreparedPair | InputError:
    try:
        return prepare_pair(
            read_audio(pair.reference),
            read_audio(pair.decoded),
            condition,
            clip_class=pair.clip_class,
            name=pair.clip,
            source=pair.source,
        )
    except InputError as error:
        return error


def _begun(
    pair: ListedPair, condition: Condition, run_id: str, weights: WeightLocator
) -> RowBuilder:
    builder = RowBuilder(run_id=run_id, spec=pair.spec, family=FAMILY, condition=condition.name)
    builder.put(
        weights="elsewhere",
        clip=pair.clip,
        source=pair.source,
        clip_class=pair.clip_class,
        nominal_bitrate_kbps=pair.kbps,
    )
    with suppress(InputError):  # the row says what is wrong with the file
        builder.put(key=key_of(pair, condition, weights))
    for name, text in pair.notes.items():
        builder.note(name, text)
    if pair.kbps is not None:
        builder.note("rate", "nominal, as stated with the files")
    return without_codec(builder, NO_STREAM, NO_CODEC)
