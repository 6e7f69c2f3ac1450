"""Joint training of autoencoder and vocoder, from the latent to the waveform.

The encoder is frozen, so latents of the compact autoencoder stay valid; its decoder and the vocoder
adapt to each other.
"""

from __future__ import annotations

from typing import Any

import torch

from codecmark.mel.autoencoders.audioldm2 import network_of
from codecmark.training.dataset import Dataset
from codecmark.training.precision import mixed_precision
from codecmark.training.runs import Start
from codecmark.training.vae import decoded
from codecmark.training.vocoder import VocoderTask


class JointTask(VocoderTask):
    """Fine-tunes two trained networks.

    Parameters
    ----------
    train_vae : bool
        False freezes the decoder, which trains the vocoder on decoded mels.
    """

    name = "joint"

    def __init__(
        self,
        dataset: Dataset,
        device: torch.device,
        vae: Start,
        vocoder: Start,
        *,
        train_vae: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(dataset, device, start=vocoder, **options)
        self.options |= {"vae": dict(vae.config), "train_vae": train_vae}
        self.options |= {"started_from": [vae.described, vocoder.described]}
        self.vae: Any = network_of(vae.config)
        self.vae.load_state_dict(vae.state)
        self.vae.to(device).requires_grad_(False)
        if train_vae:
            self.vae.decoder.requires_grad_(True)
            self.vae.post_quant_conv.requires_grad_(True)
        self.generator = torch.nn.ModuleDict({"vae": self.vae, "vocoder": self.vocoder})

    def heard(self, mel: torch.Tensor) -> torch.Tensor:
        """Return the log-mel after the autoencoder."""
        with mixed_precision(mel.device, enabled=self.vocoder.mixed_precision):
            heard = decoded(self.vae, mel)
        return heard.float()

    def more_losses(self, heard: torch.Tensor, mel: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the distance of the decoder's log-mel from the true one."""
        return {"heard": (heard - mel).abs().mean()}
