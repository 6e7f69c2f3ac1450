"""The interface of vocoders, and phase retrieval as a vocoder.

Names in specs: `griffinlim-64`, `griffinlim-64m0` (momentum 0), `admm-64`, `pghi+griffinlim-64`
(initial phase other than random), `pghi` alone, `hifigan`, `hifigan-22k`, `hifigan-v1`,
`harmonic` and `harmonic+griffinlim-8` (trained by this project; `joint`: trained together with its
VAE).
"""

from __future__ import annotations

import re
from typing import Protocol, cast

import torch

from codecmark.errors import InputError
from codecmark.mel.front_end import MelFormat, magnitude_from_mel
from codecmark.mel.phase import Method, Start, retrieve
from codecmark.mel.spectrogram import MelSpectrogram

STARTS = ("random", "zero", "spsi", "pghi")
_METHOD = re.compile(r"(griffinlim|admm)-(\d{1,5})(?:m(\d(?:\.\d+)?))?")


class Vocoder(Protocol):
    """The last stage of a chain, for one mel format."""

    mel: MelFormat
    parameters: int

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn a spectrogram of `mel` into `[channels, mel.samples(frames)]`.

        Raises
        ------
        InputError
            If the spectrogram has another format or order of axes.
        """
        ...


class PhaseRetrieval:
    """Non-negative mel inversion followed by phase retrieval, without a learned part."""

    parameters = 0

    def __init__(
        self,
        mel: MelFormat,
        iterations: int,
        method: Method = "griffinlim",
        momentum: float = 0.99,
        start: Start = "random",
    ) -> None:
        self.mel = mel
        self._iterations = iterations
        self._method: Method = method
        self._momentum = momentum
        self._start: Start = start

    @classmethod
    def from_stage(cls, stage: str, mel: MelFormat) -> PhaseRetrieval:
        """Build from e.g. `griffinlim-64`, `pghi+admm-64`, `spsi`.

        Raises
        ------
        InputError
            If the stage is not of this form.
        """
        start, plus, method = stage.rpartition("+")
        if method in STARTS and not plus:
            return cls(mel, 0, start=cast(Start, method))
        match = _METHOD.fullmatch(method)
        if match is None or (plus and start not in STARTS):
            raise InputError(
                f"spec: stage {stage!r} is not a vocoder: use hifigan, harmonic, or griffinlim-N, "
                f"griffinlim-Nm0 or admm-N, with {', '.join(STARTS)} and '+' before it for "
                "another first phase, e.g. pghi+griffinlim-64"
            )
        momentum = 0.99 if match.group(3) is None else float(match.group(3))
        return cls(
            mel, int(match.group(2)), cast(Method, match.group(1)), momentum,
            cast(Start, start or "random"),
        )  # fmt: skip

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Invert the mel and retrieve a phase."""
        values = spectrogram.require(self.mel, "phase retrieval")
        return self.retrieve(magnitude_from_mel(values, self.mel))

    def retrieve(self, magnitude: torch.Tensor, phase: torch.Tensor | None = None) -> torch.Tensor:
        """Retrieve a phase for STFT magnitudes, or use the given one without iterations."""
        padded = retrieve(
            magnitude,
            self.mel.framing,
            self._iterations if phase is None else 0,
            method=self._method,
            momentum=self._momentum,
            start=self._start if phase is None else phase,
        )
        first = self.mel.reflected
        return padded[:, first : first + self.mel.samples(magnitude.shape[1])]
