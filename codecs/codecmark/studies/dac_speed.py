"""How fast DAC runs in every execution: real-time factors, agreement, and what limits them.

    python -m codecmark.studies.dac_speed [--threads 1,2] [--backends eager,fused] [--out results]

Everything is paired: round by round one execution after the other, in one process for each number
of threads. On one thread processor seconds count, because others may use the machine; on more the
time that passes. Weights are seeded random at full size: time and agreement are real, and nothing
is said about quality.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import partial
from math import ceil
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace
from transformers.models.dac.modeling_dac import Snake1d

from codecmark import catalog, corpus
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.corpus import condition
from codecmark.errors import UnavailableError
from codecmark.measure.agreement import agreement_db
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural.dac import TransformersDac
from codecmark.studies import dac_speed_figures, dac_speed_page, network_costs
from codecmark.studies.dac_speed_figures import Measured, Subject, Times, Way
from codecmark.system import host, threads, whole_files
from codecmark.system.execution import BACKENDS, DTYPES, MARK, Execution

NAME = "dac_speed"
ROUNDS = 2
CODECS = {"dac:16khz@6k": 1.0, "dac:44khz@8k": 0.5}  # and the seconds of audio that each is given
CHAIN = "audioldm2:music/hifigan"
CHAIN_EXECUTIONS = (Execution(), Execution("openvino", "bfloat16"))
_CHAIN_S = 1.0
_FRAMES = 10  # that products are counted on
_PACKAGES = ("torch", "onnxruntime", "openvino", "transformers")

Outputs = dict[str, AudioClip]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure in child processes, one for each number of threads, and write figures and page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--backends", default=",".join(BACKENDS), help="separated by commas")
    parser.add_argument(
        "--threads", default="1,2", help="numbers of threads to measure; others stay as they were"
    )
    options = parser.parse_args(arguments)
    figures, page = (options.out / f"{NAME}.{kind}" for kind in ("json", "md"))
    by_threads = dac_speed_figures.read(figures)
    for count in map(int, options.threads.split(",")):
        by_threads[count] = _apart(count, options.backends.split(","))
        dac_speed_figures.write(figures, by_threads)
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    whole_files.replace(page, dac_speed_page.page(dac_speed_figures.read(figures), before))


def _apart(count: int, backends: Sequence[str]) -> Measured:
    """Measure in a process of its own, in which libraries load with so many threads."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_limited, count, backends).result()


def _limited(count: int, backends: Sequence[str]) -> Measured:
    threads.limit(count)
    return measured(count, backends)


def measured(count: int, backends: Sequence[str] = BACKENDS) -> Measured:
    """Measure every codec and the chain; `count` threads have been set for this process."""
    load = os.getloadavg()[0]
    executions = [Execution(backend, dtype) for backend in backends for dtype in DTYPES]
    return Measured(
        threads=count,
        host=host.host(),
        versions={name: v for name, v in host.versions().items() if name in _PACKAGES},
        rounds=ROUNDS,
        codecs=tuple(_dac(*item, executions, at_level=count == 1) for item in CODECS.items()),
        chain=_subject(CHAIN, _CHAIN_S, CHAIN_EXECUTIONS)[0],
        reach={
            str(dtype).removeprefix("torch."): max(
                network_costs.matrix_products_per_s(dtype) for _ in range(ROUNDS)
            )
            for dtype in (torch.float32, torch.bfloat16)
        },
        load=load,
    )


def _name(execution: Execution) -> str:
    return f"{execution.backend}, {execution.dtype}"


def _subject(
    spec: str, seconds: float, executions: Sequence[Execution]
) -> tuple[Subject, dict[str, Codec]]:
    """Time encoding in the first execution and decoding in all; return the codecs too."""
    reference = catalog.create(spec)
    clip = _clip(reference, seconds)
    stream = reference.encode(clip)
    codecs: dict[str, Codec] = {}
    absent = {}
    for execution in executions:
        words = f"{MARK}{execution}" if str(execution) else ""
        try:
            codec = catalog.create(spec + words) if words else reference
            threads.limit(threads.count())  # libraries that came with the network
            codec.decode(stream)  # the first call compiles
        except UnavailableError as error:
            absent[_name(execution)] = error.what
        else:
            codecs[_name(execution)] = codec
    encoding: list[tuple[float, float]] = []
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in codecs}
    outputs: Outputs = {}
    for _ in range(ROUNDS):
        encoding.append(_timed(partial(reference.encode, clip), seconds)[1])
        for name, codec in codecs.items():
            outputs[name], taken = _timed(partial(codec.decode, stream), seconds)
            spent[name].append(taken)
    agreements = _agreements(outputs)
    ways = tuple(Way(name, _times(spent[name]), agreements[name]) for name in codecs)
    return Subject(spec, seconds, _times(encoding), ways, absent), codecs


def _dac(spec: str, seconds: float, executions: Sequence[Execution], *, at_level: bool) -> Subject:
    """Measure DAC, its products, and if asked agreement where weights keep the level."""
    subject, codecs = _subject(spec, seconds, executions)
    networks: dict[Execution, Any] = {
        execution: codec._network.model  # type: ignore[attr-defined]
        for execution in executions
        if (codec := codecs.get(_name(execution)))
    }
    model = next(iter(networks.values()))
    fused = next((one for chosen, one in networks.items() if chosen.backend == "fused"), None)
    subject = replace(subject, products_per_s=_products_per_s(model, fused))
    if not at_level:
        return subject
    frames = ceil(seconds * model.config.sampling_rate / model.config.hop_length)
    found = _agreements(_at_level(networks, frames))
    ways = tuple(replace(way, agreement_at_level_db=found[way.name]) for way in subject.ways)
    return replace(subject, ways=ways)


def _at_level(networks: Mapping[Execution, Any], frames: int) -> Outputs:
    """Return what decoders make of white noise, once their weights are drawn anew.

    The first network is eager's in float32, which the others are made of again, unless their
    parameters are PyTorch's: what is compiled stays compiled.
    """
    plain = next(iter(networks.values()))
    keep_level(plain.decoder)
    outputs = {}
    for execution, network in networks.items():
        if execution.backend in ("eager", "compile"):
            keep_level(network.decoder)
        else:
            network = TransformersDac(deepcopy(plain), Setup(execution=execution)).model
        with torch.inference_mode():
            latents = torch.randn(
                1, plain.config.hidden_size, frames, generator=torch.Generator().manual_seed(1)
            )
            waveform = runtime.to_array(network.decoder(latents)[0])
        outputs[_name(execution)] = AudioClip(waveform, plain.config.sampling_rate)
    return outputs


def keep_level(decoder: torch.nn.Module) -> None:
    """Draw weights anew, so that a signal keeps its level, with factors of Snake from 0.2 to 5.

    As transformers draws them, signals fade towards a constant, which flatters agreement.
    """
    generator = torch.Generator().manual_seed(0)
    for layer in decoder.modules():
        if isinstance(layer, Snake1d):
            drawn = torch.rand(layer.alpha.shape, generator=generator)
            layer.alpha.data.copy_(5 ** (2 * drawn - 1))
        elif isinstance(layer, (torch.nn.Conv1d, torch.nn.ConvTranspose1d)):
            inputs = layer.in_channels * layer.kernel_size[0] / layer.stride[0]
            drawn = torch.randn(layer.weight.shape, generator=generator)
            layer.weight.data.copy_(0.6 * drawn / inputs**0.5)
            if layer.bias is not None:
                layer.bias.data.copy_(0.1 * torch.randn(layer.bias.shape, generator=generator))


def _products_per_s(model: Any, fused: Any) -> dict[str, float]:
    """Return products for a second of audio, see `Subject`."""
    config = model.config
    waveform = torch.zeros(1, 1, _FRAMES * config.hop_length)
    latents = torch.zeros(1, config.hidden_size, _FRAMES)
    counted = {
        "encoder": network_costs.products(model.encoder, waveform),
        "decoder": network_costs.products(model.decoder, latents),
    }
    if fused is not None:
        counted["fused"] = network_costs.products_made(fused.decoder, latents)
    seconds = _FRAMES * config.hop_length / config.sampling_rate
    return {name: count / seconds for name, count in counted.items()}


def _clip(codec: Codec, seconds: float) -> AudioClip:
    """Return the start of the first bundled clip, at the codec's own rate."""
    entry = next(iter(corpus.load()))
    clip = condition.prepared(entry, condition.named("16k-mono")).audio
    return clip.resampled(codec.info.sample_rate_hz or clip.sample_rate_hz).cropped(seconds)


def _agreements(outputs: Outputs) -> dict[str, float | None]:
    """Return the SNR of each output against the first, None where they are the same."""
    reference = next(iter(outputs.values()))
    return {
        name: None
        if np.array_equal(output.samples, reference.samples)
        else agreement_db(reference, output)
        for name, output in outputs.items()
    }


def _timed(call: Callable[[], Any], seconds: float) -> tuple[Any, tuple[float, float]]:
    """Return what a call returns, and its real-time factors by both clocks."""
    processor, passed = process_time(), perf_counter()
    result = call()
    return result, ((process_time() - processor) / seconds, (perf_counter() - passed) / seconds)


def _times(pairs: Sequence[tuple[float, float]]) -> Times:
    processor, passed = zip(*pairs, strict=True)
    return Times(processor, passed)


if __name__ == "__main__":
    main()
