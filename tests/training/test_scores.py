"""Generated music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codecmark.errors import UnavailableError


def test_rendering_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from codecmark.training import scores

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="fluidsynth"):
        scores.render(tmp_path / "none.sf2", tmp_path / "piece.wav", 0)


def test_generated_scores_differ_and_repeat(tmp_path: Path) -> None:
    pytest.importorskip("mido")
    from codecmark.training import scores

    for index, seed in enumerate((1, 1, 2)):
        scores.write_midi(tmp_path / f"{index}.mid", np.random.default_rng(seed))
    first, second, third = ((tmp_path / f"{index}.mid").read_bytes() for index in range(3))
    assert first == second != third
