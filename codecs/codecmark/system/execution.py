"""How a codec's network is run: engine, number format, device. A part of the codec's spec.

`dac:16khz@6k~openvino-bfloat16` is `dac:16khz@6k` with its decoder on OpenVINO in bfloat16. As a
part of the spec an execution reaches every worker, cluster node and child process, and tells rows,
content keys and lines of the leaderboard apart. Streams do not carry it: what one execution
encoded, any other decodes.

Threads are no part of it: they are the condition's, see `condition.with_threads`.
"""

from __future__ import annotations

from dataclasses import dataclass

from codecmark.errors import InputError

BACKENDS = ("eager", "compile", "onnxruntime", "openvino", "fused")
DTYPES = ("float32", "bfloat16", "int8")
DEVICES = ("cpu", "cuda")
MARK = "~"
# what backends and dtypes are for, in every message
NETWORKS_ON_BACKENDS = "AudioLDM2's HiFi-GAN and the decoders of DAC and EnCodec (not #original)"


@dataclass(frozen=True)
class Execution:
    """One way to run; without arguments PyTorch as it comes, the reference of all others.

    Attributes
    ----------
    backend : str
        `eager`, `compile` (`torch.compile`), `onnxruntime`, `openvino`, or `fused`: kernels of this
        project for the decoder of DAC.
    dtype : str
        Of the products: their sums, and what lies between the layers, stay float32 where the
        backend lets them. `bfloat16` has 8 bits of precision; `int8` stands for 8-bit weights.
    device : str or None
        `cpu` or `cuda`; None leaves the choice to the `Setup` that a codec is built with.
    """

    backend: str = "eager"
    dtype: str = "float32"
    device: str | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("backend", BACKENDS), ("dtype", DTYPES), ("device", DEVICES)):
            value = getattr(self, name)
            if value not in allowed and (name, value) != ("device", None):
                raise InputError(f"{name}: must be one of {', '.join(allowed)}, got {value!r}")

    @classmethod
    def parse(cls, text: str) -> Execution:
        """Parse what follows `~` in a spec: words of which each is one setting, joined by `-`.

        Raises
        ------
        InputError
            If a word is no setting; or in any other than the one form that `str` gives, so that
            one execution has one name.
        """
        parts: dict[str, str] = {}
        for word in text.split("-"):
            parts |= {kind: word for kind, words in _KINDS.items() if word in words}
        execution = cls(**parts)
        if not text or str(execution) != text:
            raise InputError(
                f"spec: {MARK}{text}: after '{MARK}' go, joined by '-' and in this order, what is "
                f"not the default of: backend ({', '.join(BACKENDS)}), dtype "
                f"({', '.join(DTYPES)}), device ({', '.join(DEVICES)})"
            )
        return execution

    def __str__(self) -> str:
        """Return the words that differ from the default, as `parse` reads them."""
        words = [
            getattr(self, kind) for kind in _KINDS if getattr(self, kind) != getattr(EAGER, kind)
        ]
        return "-".join(words)

    @property
    def changes_the_network(self) -> bool:
        """Whether layers run otherwise than eager float32 runs them."""
        return (self.backend, self.dtype) != (EAGER.backend, EAGER.dtype)

    @property
    def compiles_each_length(self) -> bool:
        """Whether the first call with an input of another length takes longer than the next."""
        return self.backend in ("compile", "openvino")

    @property
    def reference(self) -> Execution:
        """Eager in float32 on the same device."""
        return Execution(device=self.device)


_KINDS = {"backend": BACKENDS, "dtype": DTYPES, "device": DEVICES}
EAGER = Execution()
