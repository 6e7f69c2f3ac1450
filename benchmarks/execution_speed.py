"""How fast networks run in other ways than eager's: two sections of `results/performance.md`.

    python benchmarks/execution_speed.py [--only hifigan,lyra] [--out results]

Everything is paired: round by round one way after the other, on one thread. Processor seconds,
because others may use the machine. Weights are seeded random where none are published: speed and
agreement are real, and nothing is said about quality.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch

from codecmark import catalog, corpus
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Weights
from codecmark.corpus import condition
from codecmark.errors import UnavailableError
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders.hifigan import HifiGan
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural.lyra import tflite
from codecmark.neural.lyra.networks import FEATURES, FRAME, STAGES_MAX
from codecmark.studies.network_costs import matrix_products_per_s, products, written_agreement
from codecmark.system import host, markdown, threads
from codecmark.system.execution import BACKENDS, DTYPES, EAGER, Execution

CONDITION = condition.named("16k-mono")
ROUNDS = 5
MEL_S = 2.0


def main() -> None:
    """Measure and write the sections."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=",".join(_SECTIONS), help="hifigan, lyra or both")
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    threads.limit(1)
    made = {}
    for name in arguments.only.split(","):
        heading, measure = _SECTIONS[name]
        made[heading] = "\n".join(measure())
    page = arguments.out / "performance.md"
    page.write_text(markdown.with_sections(page.read_text(), made))


def _hifigan() -> Iterator[str]:
    """AudioLDM2's HiFi-GAN at its published size, in every way that there is here."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(1, round(MEL_S * 16_000 / AUDIOLDM2.hop), 64, generator=generator)
    spectrogram = MelSpectrogram(values, AUDIOLDM2)
    source = Weights("random")
    ways: dict[Execution, HifiGan] = {}
    absent = []
    for chosen in (Execution(backend, dtype) for backend in BACKENDS for dtype in DTYPES):
        try:
            ways[chosen] = HifiGan(source, AUDIOLDM2, Setup(execution=chosen))
        except UnavailableError as error:
            absent.append(f"- {chosen.backend}, {chosen.dtype}: {error.what.partition(': ')[2]}")
    per_call = products(ways[EAGER].network, values)
    seconds: dict[Execution, list[float]] = {chosen: [] for chosen in ways}
    outputs = {}
    reach = dict.fromkeys((torch.float32, torch.bfloat16), 0.0)
    with torch.inference_mode():
        for turn in range(ROUNDS + 1):
            for chosen, vocoder in ways.items():
                start = process_time()
                outputs[chosen] = vocoder.synthesize(spectrogram)
                if turn:  # the first compiles
                    seconds[chosen].append(process_time() - start)
            for dtype in reach:
                reach[dtype] = max(reach[dtype], matrix_products_per_s(dtype))
    eager_s = statistics.median(seconds[EAGER])
    sounds = {
        chosen: AudioClip(runtime.to_array(output), 16_000) for chosen, output in outputs.items()
    }
    rows = []
    for chosen, spent in seconds.items():
        ratios = [a / b for a, b in zip(seconds[EAGER], spent, strict=True)]
        rows.append((
            chosen.backend, chosen.dtype, f"{statistics.median(spent) / MEL_S:.3f}",
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            "reference" if chosen == EAGER else written_agreement(sounds[EAGER], sounds[chosen]),
        ))  # fmt: skip
    yield (
        f"AudioLDM2's vocoder at its published size ({ways[EAGER].parameters / 1e6:.1f} M "
        f"parameters, seeded random), {MEL_S:g} s of mel, one thread, {ROUNDS} interleaved rounds, "
        f"{_machine()}. Real-time factor in processor seconds; how many times faster than eager in "
        "float32, median and range over the rounds; and the SNR of the output against eager's, in "
        "dB."
    )
    yield ""
    yield markdown.table(("backend", "dtype", "RTF", "faster", "agreement dB"), rows, numbers=3)
    yield ""
    yield (
        f"What limits it: {per_call / MEL_S / 1e9:.1f} G products a second of audio, nearly all in "
        f"convolutions. Eager in float32 makes {per_call / eager_s / 1e9:.0f} G a second; a large "
        f"matrix product, in the same run, {reach[torch.float32] / 1e9:.0f} G in float32 and "
        f"{reach[torch.bfloat16] / 1e9:.0f} G in bfloat16. So in float32 no backend has much to "
        "gain, and in bfloat16 the 8 bits of its significand set the agreement."
    )
    if absent:
        yield ""
        yield "Not measured:"
        yield ""
        yield from absent


def _lyra() -> Iterator[str]:
    """Lyra's codec against a loop over its interpreters as their manual has it."""
    clips, _ = condition.prepare(corpus.load(), CONDITION)
    samples = np.ascontiguousarray(clips[0].audio.samples[0, : 16_000 * 5 // FRAME * FRAME])
    codec: Any = catalog.create("lyra@6k")
    start = process_time()
    codec.reset()
    first_s = process_time() - start
    lyra_networks = codec._networks
    if lyra_networks.frames == 1:
        raise SystemExit("lyra: blocks do not give the bits of single frames on this machine")
    blocks = samples.reshape(-1, lyra_networks.frames * FRAME)
    features = np.zeros((len(blocks), lyra_networks.frames, 1, FEATURES), np.float32)
    spent: dict[str, list[float]] = {}

    def take(name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        start = process_time()
        result = call(*arguments)
        spent.setdefault(name, []).append(process_time() - start)
        return result

    for _turn in range(ROUNDS):
        plain = {
            name: tflite.interpreter(content, 1) for name, content in vars(codec._files).items()
        }
        codec.reset()
        codes = take("plain encode", _plain_encode, plain, samples, codec.codebooks)
        ours = take("encode", codec.tokenize, samples[None])[0]
        sound = take("plain decode", _plain_decode, plain, codes)
        decoded = take("decode", codec.synthesize, codes[None])[0]
        if not (np.array_equal(codes, ours) and np.array_equal(sound, decoded)):
            raise SystemExit("lyra: the codec and the plain loop differ")
        take("plain encode network", _invoke, plain["encoder"], len(samples) // FRAME)
        take("plain decode network", _invoke, plain["decoder"], len(samples) // FRAME)
        take("encode network", _each, lyra_networks.analysis(), blocks)
        take("decode network", _each, lyra_networks.synthesis(), features)
    median = {name: 1000 * statistics.median(values) for name, values in spent.items()}
    yield (
        f"{len(samples) / 16_000:g} s of speech at 6 kbit/s, one thread, {ROUNDS} interleaved "
        f"rounds, processor time, {_machine()}; the codec's tokens and samples are those of the "
        "plain loop, bit by bit."
    )
    yield ""
    yield markdown.table(
        ("", "plain loop ms", "its network ms", "codec ms", "network in blocks ms", "faster"),
        [
            (
                phase, f"{median[f'plain {phase}']:.1f}", f"{median[f'plain {phase} network']:.1f}",
                f"{median[phase]:.1f}", f"{median[f'{phase} network']:.1f}",
                f"{median[f'plain {phase}'] / median[phase]:.2f}",
            )
            for phase in ("encode", "decode")
        ],
        numbers=5,
    )  # fmt: skip
    shares = [100 * median[f"{phase} network"] / median[phase] for phase in ("encode", "decode")]
    yield ""
    yield (
        "What limits it: the networks' own layers, in the order of additions that makes the "
        "bits of the published files. Those take one frame of 20 ms a call, and so the plain loop "
        f"calls two models for each frame. The codec runs {lyra_networks.frames} frames a call "
        "through the same graphs, rewritten in memory, and those calls alone, without the "
        "quantiser's, are "
        f"{shares[0]:.0f} % of encoding and {shares[1]:.0f} % of decoding. Rewriting, and the "
        f"proof that the bits agree on this machine, took {first_s:.2f} s, once a process. A live "
        "signal still goes frame by frame."
    )


def _each(call: Callable[[Any], Any], items: Any) -> None:
    for item in items:
        call(item)


def _invoke(network: Any, times: int) -> None:
    for _ in range(times):
        network.invoke()


def _plain_encode(plain: dict[str, Any], samples: Samples, stages: int) -> Any:
    encoder, quantizer = plain["encoder"], plain["quantizer"]
    codes = []
    for frame in samples.reshape(-1, FRAME):
        encoder.set_tensor(encoder.get_input_details()[0]["index"], frame[None])
        encoder.invoke()
        features = encoder.get_tensor(encoder.get_output_details()[0]["index"])
        quantize = quantizer.get_signature_runner("encode")
        found = quantize(input_frames=features, num_quantizers=np.int32(stages))
        codes.append(found["output_0"][:stages, 0, 0])
    return np.stack(codes, axis=1).astype(np.int64)


def _plain_decode(plain: dict[str, Any], codes: Any) -> Samples:
    quantizer, decoder = plain["quantizer"], plain["decoder"]
    pieces = []
    for frame in codes.T:
        indices = np.full((STAGES_MAX, 1, 1), -1, np.int32)
        indices[: len(frame), 0, 0] = frame
        dequantize = quantizer.get_signature_runner("decode")
        features = dequantize(encoding_indices=indices)["output_0"]
        decoder.set_tensor(
            decoder.get_input_details()[0]["index"], features.reshape(1, 1, FEATURES)
        )
        decoder.invoke()
        pieces.append(decoder.get_tensor(decoder.get_output_details()[0]["index"])[0])
    return np.concatenate(pieces)


def _machine() -> str:
    return f"{host.host()}, load average {os.getloadavg()[0]:.1f}"


_SECTIONS = {
    "hifigan": ("HiFi-GAN in other ways than eager's", _hifigan),
    "lyra": ("Lyra against a plain loop", _lyra),
}


if __name__ == "__main__":
    main()
