"""Networks at a tiny size of the same class as the published ones: their configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

TINY_VAE: Mapping[str, Any] = {
    "in_channels": 1,
    "out_channels": 1,
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "block_out_channels": [8, 8, 16],
    "layers_per_block": 1,
    "act_fn": "silu",
    "latent_channels": 8,
    "norm_num_groups": 4,
    "sample_size": 1024,
    "scaling_factor": 0.4110932946205139,
}
TINY_HIFIGAN: Mapping[str, Any] = {
    "model_in_dim": 64,
    "sampling_rate": 16_000,
    "upsample_initial_channel": 32,
    "upsample_rates": [5, 4, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 8, 4, 4],
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1]],
    "normalize_before": False,
}
TINY_HIFIGAN_V1: Mapping[str, Any] = {
    **TINY_HIFIGAN,
    "model_in_dim": 80,
    "sampling_rate": 22_050,
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
}
TINY_FULLBAND_VAE: Mapping[str, Any] = {
    **TINY_VAE,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [4, 4, 4, 8],
    "latent_channels": 16,
    "norm_num_groups": 2,
    "scaling_factor": 1.0,
}
TINY_FULLBAND_HIFIGAN: Mapping[str, Any] = {
    **TINY_HIFIGAN,
    "model_in_dim": 256,
    "sampling_rate": 48_000,
    "upsample_rates": [6, 5, 4, 2, 2],
    "upsample_kernel_sizes": [12, 10, 8, 4, 4],
}
TINY_MIMI: Mapping[str, Any] = {
    "sampling_rate": 24_000,
    "frame_rate": 12.5,
    "upsampling_ratios": [8, 6, 5, 4],
    "hidden_size": 16,
    "num_filters": 2,
    "codebook_size": 2048,
    "codebook_dim": 8,
    "vector_quantization_hidden_dimension": 8,
    "num_quantizers": 32,
    "upsample_groups": 16,
    "num_hidden_layers": 1,
    "intermediate_size": 16,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "sliding_window": 250,
}
# its buffers of statistics have `base_channels` places for latents times bands / 4
TINY_LTX2: Mapping[str, Any] = {
    "base_channels": 32, "output_channels": 2, "ch_mult": [1, 1, 1], "num_res_blocks": 1,
    "in_channels": 2, "latent_channels": 2, "norm_type": "pixel", "causality_axis": "height",
    "mel_bins": 64,
}  # fmt: skip
TINY_LTX2_VOCODER: Mapping[str, Any] = {
    "in_channels": 128, "hidden_channels": 32, "out_channels": 2,
    "upsample_kernel_sizes": [16, 15, 8, 4, 4], "upsample_factors": [6, 5, 2, 2, 2],
    "resnet_kernel_sizes": [3], "resnet_dilations": [[1]], "output_sampling_rate": 24_000,
}  # fmt: skip
TINY_MMAUDIO: Mapping[str, Any] = {
    "latent_channels": 4, "hidden_channels": 8, "channel_multipliers": [1, 1, 2],
    "layers_per_block": 1,
}  # fmt: skip
TINY_BIGVGAN: Mapping[str, Any] = {
    "upsample_initial_channel": 64, "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1]],
}  # fmt: skip
TINY_UNIVNET: Mapping[str, Any] = {
    "model_in_channels": 4, "model_hidden_channels": 4, "num_mel_bins": 100,
    "resblock_dilation_sizes": [[1], [1], [1]], "kernel_predictor_num_blocks": 1,
    "kernel_predictor_hidden_channels": 4,
}  # fmt: skip
TINY_VOCOS: Mapping[str, Any] = {
    "input_channels": 100, "dim": 8, "intermediate_dim": 16, "num_layers": 2, "n_fft": 1024,
}  # fmt: skip
TINY_HARMONIC: Mapping[str, Any] = {
    "width": 8,
    "hidden": 8,
    "layers": 1,
    "pitch_width": 8,
    "pitch_layers": 1,
}
TINY_OOBLECK: Mapping[str, Any] = {
    "encoder_hidden_size": 8,
    "downsampling_ratios": [2, 4, 4, 8, 8],
    "channel_multiples": [1, 1, 1, 2, 2],
    "decoder_channels": 8,
    "decoder_input_channels": 4,
    "audio_channels": 2,
    "sampling_rate": 44_100,
}


TINY_HUBERT: Mapping[str, Any] = {
    "model_type": "hubert",
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "conv_dim": [4] * 7,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}
TINY_FSQ: Mapping[str, Any] = {
    "hidden_size": 64,  # two channels for each of 32 norm groups
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "encoder_hidden_size": 2,
    "quantization_dim": 80,
    "semantic_model_config": {
        "model_type": "wav2vec2-bert",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    },
}


def tiny_xcodec() -> Mapping[str, Any]:
    """The published layout with few channels."""
    from codecmark.neural.xcodec import PUBLISHED

    acoustic = {**PUBLISHED["acoustic_model_config"],
                "encoder_hidden_size": 2, "decoder_hidden_size": 32, "hidden_size": 16}  # fmt: skip
    return {**PUBLISHED, "codebook_dim": 32,
            "acoustic_model_config": acoustic, "semantic_model_config": TINY_HUBERT}  # fmt: skip


def tiny_wavtokenizer(variant: str) -> Mapping[str, Any]:
    """The published layout with few channels."""
    from codecmark.neural.wavtokenizer import PUBLISHED

    return {**PUBLISHED[variant], "num_filters": 2, "hidden_size": 8, "codebook_dim": 8,
            "num_lstm_layers": 1, "decoder_hidden_size": 16, "decoder_intermediate_size": 16,
            "decoder_num_layers": 1, "decoder_attention_num_groups": 4}  # fmt: skip


def tiny_encodec(variant: str) -> Mapping[str, Any]:
    """The published layout with few channels."""
    from codecmark.neural.encodec_network import PUBLISHED

    return {**PUBLISHED[variant], "num_filters": 4, "hidden_size": 8, "codebook_dim": 8,
            "num_lstm_layers": 1}  # fmt: skip


def tiny_dac(variant: str) -> Mapping[str, Any]:
    """The published layout with few channels."""
    from codecmark.neural.dac import PUBLISHED

    return {**PUBLISHED[variant], "encoder_hidden_size": 2, "decoder_hidden_size": 32,
            "hidden_size": 32, "codebook_dim": 2}  # fmt: skip


def tiny_snac(variant: str) -> Mapping[str, Any]:
    """The published layout with few channels."""
    from codecmark.neural.snac import PUBLISHED

    # the heads of its local attention are 64 channels wide
    window = PUBLISHED[variant]["attn_window_size"]
    narrow = {"encoder_dim": 2, "decoder_dim": 32} if window is None else \
        {"encoder_dim": 4, "decoder_dim": 64}  # fmt: skip
    return {**PUBLISHED[variant], **narrow, "codebook_dim": 2}


def write_tiny_sets(folder: Path) -> None:
    """Write sets like those that this project trains, seeded random, as small as they can be."""
    import torch

    from codecmark.mel.autoencoders.audioldm2 import network_of
    from codecmark.mel.formats import AUDIOLDM2
    from codecmark.mel.harmonic.network import HarmonicConfig, HarmonicNetwork
    from codecmark.networks import trained_sets

    plain = HarmonicConfig(**TINY_HARMONIC)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vae = network_of(TINY_VAE)
    for name, files in trained_sets.SETS.items():
        if "vocoder.safetensors" in files:
            config = replace(plain, anchored=name == "anchored")
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(1)
                vocoder = HarmonicNetwork(AUDIOLDM2, config)
            path = folder / name / "vocoder.safetensors"
            trained_sets.write(path, "harmonic", asdict(config), vocoder.state_dict())
        if "vae.safetensors" in files:
            path = folder / name / "vae.safetensors"
            trained_sets.write(path, "compact", TINY_VAE, vae.state_dict())
