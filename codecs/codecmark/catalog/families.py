"""The table of the catalog: every family of codecs, its class and the settings that are run.

Settings that are not listed work too if the class accepts them (`opus@20k`).
"""

from __future__ import annotations

from codecmark.catalog.family import Family

_AUDIOLDM2 = (
    "audioldm2:music/hifigan", "audioldm2:user-80-256/griffinlim-64", "audioldm2:compact/joint",
)  # fmt: skip
_OTHER_CHECKPOINTS = (
    "audioldm2:music/griffinlim-64",
    *(
        f"audioldm2:{checkpoint}/{vocoder}"
        for checkpoint in ("base", "large")
        for vocoder in ("hifigan", "griffinlim-64")
    ),
)
_LATENT_CODINGS = tuple(
    f"audioldm2:music/hifigan@{coding}" for coding in ("f32", "int8", "q0.25", "q0.5", "q1")
)
_PHASE_METHODS = tuple(
    f"mel:16k-64/{method}"
    for method in (
        "griffinlim-32", "griffinlim-128", "griffinlim-256", "griffinlim-64m0", "admm-64", "spsi",
        "pghi", "zero+griffinlim-64", "spsi+griffinlim-64", "pghi+griffinlim-64", "pghi+admm-64",
        "griffinlim-64+wiener", "griffinlim-64+softlimit",
    )
)  # fmt: skip
_FRONT_ENDS = (
    "mel:16k-64-centred/griffinlim-64",
    *(
        f"mel:16k-{bands}-{hop}-{n_fft}/griffinlim-64"
        for bands in (64, 80, 128)
        for hop in (160, 256)
        for n_fft in (1024, 2048)
    ),
)
_WAVEFORM_LAYER = tuple(f"mel:16k-64+wave@{target}" for target in ("snr12", "snr15", "snr20"))
_TRAINED_VOCODER = ("mel:16k-64/harmonic+griffinlim-8",)
_CONSISTENT = tuple(f"mel:16k-64/{method}+consistent-6" for method in ("griffinlim-64", "admm-64"))
_HIFIGAN_V1 = tuple(
    f"mel:22k-80/hifigan-v1{data}{after}" for data in ("", "-lj") for after in ("", "+consistent-6")
)
_SHAPED = tuple(
    f"mel:16k-64+wave+shaped{filling}@{kbps}k" for filling in ("", "+anchored") for kbps in (11, 16)
) + tuple(f"mel:16k-64+wave+shaped@{kbps}k" for kbps in (24, 32, 48))
_ANCHORED = tuple(f"mel:16k-64+wave+anchored@{target}" for target in ("snr10", "6k", "16k"))
_TRAINED_CHAIN = tuple(
    f"audioldm2:compact/{vocoder}" for vocoder in ("harmonic", "griffinlim-64", "pghi+admm-64")
)
_LATENT_WAVEFORM_LAYER = tuple(
    f"audioldm2:{base}@{target}"
    for base, targets in (
        ("compact+wave", ("snr10", "snr12", "snr15", "8k", "64k")),
        ("compact+wave+anchored", ("snr10",)),
        ("base+wave", ("snr10",)),
    )
    for target in targets
)
_MEL_CODINGS = tuple(f"mel:16k-64/griffinlim-64@{coding}" for coding in ("int8", "q0.5", "q1"))
_CONSTANT_OPUS = tuple(
    f"opus@{kbps}k" for kbps in ("6", "9.2", "12", "16", "24", "32", "48", "64", "96", "128")
)
_VARIABLE_OPUS = tuple(
    f"opus@{setting}"
    for setting in (
        "8k-vbr-60ms", "9k-vbr", "12k-60ms", "12k-vbr-voip", "16k-vbr-10ms", "16k-vbr-40ms",
        "40k-vbr", "48k-vbr",
    )
)  # fmt: skip

FAMILIES: dict[str, Family] = {
    "pcm16": Family(
        "codecmark.classic.pcm:Pcm16Codec", "16-bit PCM: measures the harness itself", ("pcm16",)
    ),
    "flac": Family("codecmark.classic.flac:FlacCodec", "FLAC, lossless", ("flac",)),
    "opus": Family(
        "codecmark.classic.ffmpeg:FfmpegCodec", "Opus (libopus, constant or variable bitrate)",
        (
            "opus@6k-vbr", "opus@12k-vbr", "opus@16k-vbr", "opus@24k-vbr", "opus@32k-vbr",
            "opus@9k-vbr-60ms", "opus@12k-vbr-60ms",
        ),
        (*_CONSTANT_OPUS, *_VARIABLE_OPUS, "opus@24k-vbr-fec10"),
        redundant_target="codecmark.classic.opus_fec:OpusFecCodec",
    ),
    "mp3": Family(
        "codecmark.classic.ffmpeg:FfmpegCodec", "MP3 (LAME, constant or variable bitrate)",
        ("mp3@24k", "mp3@v9", "mp3@v4"),
        ("mp3@16k", "mp3@32k", "mp3@48k", "mp3@64k", "mp3@128k", "mp3@v6", "mp3@v2"),
    ),
    "aac": Family(
        "codecmark.classic.ffmpeg:FfmpegCodec", "AAC-LC (FFmpeg's encoder)",
        ("aac@32k", "aac@48k", "aac@128k"), ("aac@16k", "aac@24k", "aac@64k"),
    ),
    "vorbis": Family(
        "codecmark.classic.vorbis:VorbisCodec", "Ogg Vorbis (libvorbis, quality 0 to 10)",
        ("vorbis@q3", "vorbis@q5"), ("vorbis@q0", "vorbis@q1", "vorbis@q8"),
    ),
    "lc3": Family(
        "codecmark.classic.lc3:Lc3Codec", "LC3 of Bluetooth LE Audio (liblc3)",
        ("lc3@16k", "lc3@32k"), ("lc3@24k", "lc3@48k", "lc3@64k"),
    ),
    "g722": Family(
        "codecmark.classic.telephone:TelephoneCodec", "G.722 wideband telephony (FFmpeg)",
        ("g722@64k",),
    ),
    "amr": Family(
        "codecmark.classic.telephone:TelephoneCodec", "AMR narrowband (OpenCORE), 8 kHz",
        ("amr@12.2k",), ("amr@4.75k", "amr@7.95k"),
    ),
    "codec2": Family(
        "codecmark.classic.codec2:Codec2", "Codec 2: parametric speech coding, 8 kHz",
        ("codec2@3.2k",), ("codec2@2.4k", "codec2@1.6k", "codec2@1.3k", "codec2@0.7k"),
    ),
    "lyra": Family(
        "codecmark.neural.lyra.codec:LyraCodec", "SoundStream as shipped in Lyra v2, 16 kHz",
        ("lyra@3.2k", "lyra@6k", "lyra@9.2k"),
        (
            "lyra@3.2k+ac", "lyra@6k+ac", "lyra@9.2k+ac",
            "lyra@6k+wave@snr10", "lyra@3.2k+wave@snr10", "lyra@9.2k+wave@snr10",
            "lyra@9.2k+wave@snr14", "lyra@6k+wave@12k",
        ),
    ),
    "mel": Family(
        "codecmark.mel.chain:MelCodec", "mel spectrogram, and a vocoder without its VAE",
        ("mel:16k-64/griffinlim-64", "mel:16k-80-256/griffinlim-64", "mel:22k-80/hifigan-22k",
         "mel:22k-80/hifigan-22k+consistent-6", "mel:16k-64/harmonic",
         "mel:16k-64+wave+shaped@64k", "mel:16k-64+wave+anchored@8k"),
        (
            "mel:16k-64+wave@snr10", "mel:16k-64+wave@8k", *_SHAPED,
            *_PHASE_METHODS, *_FRONT_ENDS, *_MEL_CODINGS, *_TRAINED_VOCODER, *_WAVEFORM_LAYER,
            *_CONSISTENT, *_ANCHORED, "mel:24k-100/univnet", "mel:24k-100-htk/vocos",
            *_HIFIGAN_V1,
        ),
        takes="device",
        layered_target="codecmark.layered.mel_codec:MelWaveformCodec",
    ),
    "audioldm2": Family(
        "codecmark.mel.audioldm2:AudioLDM2Codec",
        "AudioLDM2: mel, VAE latent, mel, waveform",
        _AUDIOLDM2,
        (
            "audioldm2:music/hifigan+consistent-6",
            *_OTHER_CHECKPOINTS, *_LATENT_CODINGS, *_TRAINED_CHAIN, *_LATENT_WAVEFORM_LAYER,
            "audioldm2:48k/hifigan", "audioldm2:48k/griffinlim-64",
        ),
        takes="backend",
        backend_vocoder="hifigan",
        layered_target="codecmark.layered.latent_codec:LatentWaveformCodec",
    ),
    "ltx2": Family(
        "codecmark.mel.ltx2:LTX2Codec", "LTX-2's audio VAE and HiFi-GAN, stereo",
        (), ("ltx2:2.0/hifigan", "ltx2:2.0/griffinlim-64", "ltx2:2.0/hifigan@int8"),
        takes="device",
    ),
    "mmaudio": Family(
        "codecmark.mel.mmaudio:MMAudioCodec", "MMAudio's VAE and BigVGAN, 44.1 kHz",
        (), ("mmaudio:44k/bigvgan", "mmaudio:44k/griffinlim-64", "mmaudio:44k/bigvgan@int8"),
        takes="device",
    ),
    "encodec": Family(
        "codecmark.neural.encodec:EncodecCodec", "EnCodec: 24 kHz mono, 48 kHz stereo",
        ("encodec:24khz@1.5k", "encodec:24khz@6k"),
        (
            "encodec:24khz@3k", "encodec:24khz@12k", "encodec:24khz@24k", "encodec:24khz@6k+ac",
            "encodec:48khz@3k", "encodec:48khz@6k", "encodec:48khz@12k", "encodec:48khz@24k",
            "encodec:48khz@6k+ac", "encodec:24khz@6k#original", "encodec:48khz@6k#original",
        ),
        ("original",),
        takes="backend",
    ),
    "dac": Family(
        "codecmark.neural.dac:DacCodec", "Descript Audio Codec",
        ("dac:16khz@6k", "dac:44khz@8k"),
        (
            "dac:44khz@4k", "dac:24khz@6k", "dac:24khz@24k", "dac:16khz@6k#original",
            "dac:24khz@24k#original", "dac:44khz@8k#original",
        ),
        ("original",),
        takes="backend",
    ),
    "mimi": Family(
        "codecmark.neural.mimi:MimiCodec", "Mimi, Moshi's codec, 24 kHz",
        (), ("mimi@0.55k", "mimi@1.1k", "mimi@2.2k", "mimi@4.4k", "mimi@1.1k+ac"),
        takes="device",
    ),
    "snac": Family(
        "codecmark.neural.snac:SnacCodec", "SNAC: tokens at several rates",
        (), ("snac:24khz", "snac:32khz", "snac:44khz", "snac:24khz+ac"),
        takes="device",
    ),
    "xcodec": Family(
        "codecmark.neural.xcodec:XcodecCodec", "X-Codec: DAC with HuBERT features, 16 kHz",
        (), ("xcodec:speech@2k", "xcodec:general@2k", "xcodec:general@4k"),
        takes="device",
    ),
    "wavtokenizer": Family(
        "codecmark.neural.wavtokenizer:WavTokenizerCodec", "WavTokenizer: one codebook, 24 kHz",
        (), ("wavtokenizer:unify-40", "wavtokenizer:speech-75"),
        takes="device",
    ),
    "neucodec": Family(
        "codecmark.neural.neucodec:FsqCodec", "NeuCodec: 16 kHz in, 24 kHz out, 0.8 kbit/s",
        (), ("neucodec",),
        takes="device",
    ),
    "xcodec2": Family(
        "codecmark.neural.neucodec:FsqCodec", "X-Codec 2, 16 kHz, 0.8 kbit/s",
        (), ("xcodec2",),
        takes="device",
    ),
    "oobleck": Family(
        "codecmark.neural.oobleck:OobleckCodec", "Stable Audio's autoencoder, 44.1 kHz stereo",
        (), ("oobleck:stable-audio@f16", "oobleck:stable-audio@int8", "oobleck:stable-audio@q0.5"),
        takes="device",
    ),
    "silence": Family(
        "codecmark.classic.sentinels:SilenceCodec", "sentinel: SNR 0 dB", ("silence",),
        sentinel=True,
    ),
    "noise": Family(
        "codecmark.classic.sentinels:NoiseCodec", "sentinel: white noise at a known SNR",
        (), ("noise@10db", "noise@20db"), sentinel=True,
    ),
    "lowpass": Family(
        "codecmark.classic.sentinels:LowPassCodec", "sentinel: anchors of MUSHRA tests",
        (), ("lowpass@3.5k", "lowpass@7k"), sentinel=True,
    ),
    "pcm": Family(
        "codecmark.classic.sentinels:PcmCodec", "sentinel: PCM with few bits, 6.02 dB a bit",
        (), ("pcm@8bit", "pcm@12bit"), sentinel=True,
    ),
    "replay": Family(
        "codecmark.replay.codec:ReplayedCodec",
        "published audio: what others decoded, by its name, e.g. replay:dac:16khz@6k", (),
    ),
    "command": Family(
        "codecmark.classic.command:CommandCodec", "your own programs, by CODECMARK_COMMANDS", ()
    ),
}  # fmt: skip
