"""DNSMOS and PLCMOS, from the networks that their authors publish as ONNX files.

What surrounds the networks is written here; no package of theirs is imported. Both take speech at
16 kHz as it is, level included.

References
----------
DNSMOS P.835: Reddy, Gopal and Cutler, ICASSP 2022. PLCMOS: Diener et al., Interspeech 2023.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples

RATE_HZ = 16_000
_DNSMOS_SPAN = 144_160  # 9.01 s
_DNSMOS_OVERALL = (-0.06766283, 1.11546468, 0.04602535)  # fitted by its authors to their raters
_PLC_FRAME, _PLC_HOP = 512, 256
_PLC_RATERS = 15
_PLC_SEED = 0


def dnsmos(samples: Samples, folder: Path) -> float:
    """Return DNSMOS' overall score of `[samples]`, about 1 to 5: the mean over spans of 9.01 s.

    A shorter clip is repeated until it is long enough.
    """
    while len(samples) < _DNSMOS_SPAN:
        samples = np.concatenate((samples, samples))
    session = _session(folder / "sig_bak_ovr.onnx")
    scores = []
    for start in range(0, len(samples) - _DNSMOS_SPAN + 1, RATE_HZ):
        span = samples[start : start + _DNSMOS_SPAN].astype(np.float32)
        raw = session.run(None, {"input_1": span[None]})[0][0][2]
        scores.append(np.polyval(_DNSMOS_OVERALL, raw))
    return float(np.mean(scores))


def plcmos(samples: Samples, folder: Path) -> float:
    """Return PLCMOS of `[samples]`, 1 to 5: the mean over 15 raters drawn with a fixed seed."""
    session = _session(folder / "plcmos_v2.onnx")
    features = _log_spectra(samples)[None, None]
    raters = np.random.RandomState(_PLC_SEED).normal(size=(_PLC_RATERS, 1, 64)).astype(np.float32)
    scores = [
        session.run(None, {"degraded_audio": features, "rater_embed": rater})[0] for rater in raters
    ]
    return float(np.mean(scores))


def _log_spectra(samples: Samples) -> NDArray[np.float32]:
    """Return log power `[frames, 257]` over 20; the first frame reaches back by half."""
    frames = math.ceil((len(samples) + _PLC_HOP) / _PLC_HOP)
    padded = np.zeros((frames - 1) * _PLC_HOP + _PLC_FRAME)
    padded[_PLC_HOP : _PLC_HOP + len(samples)] = samples
    window = np.hamming(_PLC_FRAME + 1)[:-1]
    spans = np.lib.stride_tricks.sliding_window_view(padded, _PLC_FRAME)[::_PLC_HOP]
    power = np.abs(np.fft.rfft(spans * window)) ** 2
    # bins without power: 120 dB below the weakest
    floor = power[power > 0].min() * 1e-12
    logarithm: NDArray[np.float32] = (np.log(np.maximum(power, floor)) / 20).astype(np.float32)
    return logarithm


@cache
def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
