"""What can be set of each family's codecs, in words, for `codecmark list FAMILY`.

The codecs' classes check settings themselves; tests hold these words to what the classes take.
"""

from __future__ import annotations

from collections.abc import Mapping

Settings = tuple[tuple[str, str], ...]  # the part of the spec, and what it means

NETWORK = (
    "~BACKEND-DTYPE-DEVICE",
    "how its network runs, any part alone: ~cpu, ~int8, ~openvino-bfloat16; see --backend, "
    "--dtype and --device of `codecmark run`",
)
DEVICE = ("~DEVICE", "where its network runs: ~cpu or ~cuda, see --device of `codecmark run`")
BESIDE = (
    "+wave@TARGET",
    "at the end, as of any codec with a setting or a vocoder: waveform layers on what it decodes, "
    "to an SNR or a rate of the whole stream, lyra@6k+wave@snr10, lyra@6k+wave@12k",
)
TOKENS = ("+ac", "at the end: its tokens are range coded instead of packed")
_CODING = (
    "@CODING",
    "how values are coded: f32, f16 (the default), int8, or q0.01 to q10, a step that is entropy "
    "coded",
)
_PHASE = (
    "griffinlim-N or admm-N (N rounds; griffinlim-Nm0 without momentum), spsi or pghi; pghi+, "
    "spsi+ or zero+ before a method sets its first phase"
)
_AFTER = (
    "+STAGE",
    "behind any vocoder: consistent-N (N rounds that hold the output to its mel), wiener, "
    "softlimit",
)
_WAVE = (
    "@snrN or @RATEk",
    "of a waveform layer: the SNR to reach, snr1 to snr30, or the rate to fill, 2k to 64k; up to "
    "four rising ones make layers, snr10-snr20",
)


def _rate(lowest: str, highest: str, example: str) -> tuple[str, str]:
    return "@RATEk", f"bitrate in kbit/s, {lowest} to {highest}, e.g. {example}"


def _rates(*rates: str) -> tuple[str, str]:
    return "@RATEk", f"bitrate in kbit/s: {', '.join(rates)}"


SETTINGS: Mapping[str, Settings] = {
    "pcm16": (),
    "flac": (),
    "opus": (
        _rate("6k", "256k", "opus@20k"),
        ("-vbr", "behind the bitrate: a variable one, as libopus has it by default"),
        ("-10ms, -40ms, -60ms", "frames of another length than 20 ms, e.g. opus@12k-vbr-60ms"),
        ("-voip", "libopus' application for calls in place of audio"),
    ),
    "mp3": (
        ("@RATEk", "constant bitrate in kbit/s, one of the standard's from 8k to 320k, e.g. "
         "mp3@40k"),
        ("@vQUALITY", "variable bitrate at a quality, v0 (the best) to v9"),
    ),
    "aac": (_rate("8k", "512k", "aac@40k"),),
    "vorbis": (("@qQUALITY", "whole quality, q0 to q10, e.g. vorbis@q4; the rate varies"),),
    "lc3": (_rate("16k", "320k", "lc3@20k"),),
    "g722": (_rates("64k"),),
    "amr": (_rates("4.75k", "5.15k", "5.9k", "6.7k", "7.4k", "7.95k", "10.2k", "12.2k"),),
    "codec2": (_rates("3.2k", "2.4k", "1.6k", "1.3k", "0.7k"),),
    "lyra": (_rates("3.2k", "6k", "9.2k"), TOKENS, BESIDE),
    "mel": (
        (":FORMAT", "the mel: 16k-64, 16k-64-centred, 16k-80-256, 22k-80, 24k-100, 24k-100-htk, "
         "44k-128, 48k-256, or 16k-BANDS-HOP[-N_FFT]"),
        ("/VOCODER", f"harmonic (16k-64), hifigan-22k, hifigan-v1 or hifigan-v1-lj (22k-80), "
         f"univnet (24k-100), vocos (24k-100-htk); without learned weights {_PHASE}"),
        _AFTER, _CODING,
        ("+wave", "in place of a vocoder: a waveform layer beside the mel, mel:16k-64+wave@8k; "
         "+wave+shaped shapes its step by what is heard; +anchored behind either fills what was "
         "not coded with a trained network"),
        _WAVE, DEVICE,
    ),
    "audioldm2": (
        (":CHECKPOINT", "base, music, large, 48k, user-80-256 (music's on a mel of 80 bands), or "
         "compact (trained by this project)"),
        ("/VOCODER", "hifigan; behind compact harmonic or joint; without learned weights "
         f"{_PHASE}"),
        _AFTER, _CODING,
        ("+wave", "in place of a vocoder: a waveform layer beside the latent, "
         "audioldm2:compact+wave@snr10"),
        _WAVE, NETWORK,
    ),
    "ltx2": (
        (":2.0", "the only checkpoint"),
        ("/VOCODER", f"hifigan; without learned weights {_PHASE}"),
        _AFTER, _CODING, DEVICE,
    ),
    "mmaudio": (
        (":44k", "the only checkpoint"),
        ("/VOCODER", f"bigvgan; without learned weights {_PHASE}"),
        _AFTER, _CODING, DEVICE,
    ),
    "encodec": (
        (":MODEL", "24khz (mono) or 48khz (stereo)"),
        ("@RATEk", "bitrate in kbit/s: 1.5k (24khz only), 3k, 6k, 12k, 24k"),
        ("#original", "the authors' package in place of transformers' classes"), TOKENS, NETWORK,
    ),
    "dac": (
        (":MODEL", "16khz, 24khz or 44khz"),
        ("@RATEk", "bitrate in kbit/s, up to 6k (16khz), 24k (24khz) or 8k (44khz), by the number "
         "of codebooks, the nearest one"),
        ("#original", "the authors' package in place of transformers' classes"), TOKENS, NETWORK,
    ),
    "mimi": (
        ("@RATEk", "bitrate in kbit/s, up to 4.4k, by the number of codebooks, the nearest one"),
        TOKENS, DEVICE,
    ),
    "snac": ((":MODEL", "24khz, 32khz or 44khz"), TOKENS, DEVICE),
    "xcodec": (
        (":MODEL", "speech or general"), _rates("0.5k", "1k", "1.5k", "2k", "4k"), TOKENS, DEVICE,
    ),
    "wavtokenizer": ((":MODEL", "unify-40 or speech-75, tokens a second"), TOKENS, DEVICE),
    "neucodec": (TOKENS, DEVICE),
    "xcodec2": (TOKENS, DEVICE),
    "oobleck": ((":stable-audio", "the only checkpoint"), _CODING, DEVICE),
    "silence": (),
    "noise": (("@Ndb", "the SNR of the noise in dB, e.g. noise@10db"),),
    "lowpass": (("@FREQUENCYk", "the band's end in kHz, 0.1k to 20k"),),
    "pcm": (("@Nbit", "bits a sample, 2bit to 16bit"),),
    "replay": ((":CODEC", "the spec of a codec whose decoded audio was published; the name alone "
                "stands for all of them"),),
    "command": ((":NAME", "NAME.toml in the folder that CODECMARK_COMMANDS names; the name alone "
                 "stands for all of them"),),
}  # fmt: skip
