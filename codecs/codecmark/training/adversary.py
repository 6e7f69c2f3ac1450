"""A multi-resolution discriminator of log-magnitude spectrograms.

References
----------
UnivNet (arXiv 2106.07889); hinge loss and feature matching as in MelGAN (arXiv 1910.06711).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from codecmark.training.losses import magnitude
from codecmark.training.precision import mixed_precision

_RESOLUTIONS = ((512, 128), (1024, 256), (2048, 512))
_CHANNELS = 16


class Adversary(nn.Module):
    """A discriminator with one stack of convolutions per resolution.

    Attributes
    ----------
    mixed_precision : bool
        Whether the convolutions multiply in bfloat16.
    """

    def __init__(self, channels: int = _CHANNELS) -> None:
        super().__init__()
        self.mixed_precision = False
        self.stacks = nn.ModuleList(_stack(channels) for _ in _RESOLUTIONS)

    def forward(self, waveform: torch.Tensor) -> list[list[torch.Tensor]]:
        """Return the outputs of each layer of each stack; the last layer is the decision."""
        outputs = []
        for stack, (n_fft, hop) in zip(self.stacks, _RESOLUTIONS, strict=True):
            level = torch.log(magnitude(waveform, n_fft, hop) + 1e-2 * n_fft / 1024)[:, None]
            layers = []
            with mixed_precision(level.device, enabled=self.mixed_precision):
                for layer in stack:  # type: ignore[attr-defined]
                    level = layer(level)
                    layers.append(level)
            outputs.append([layer.float() for layer in layers])
        return outputs

    def generator_losses(
        self, generated: torch.Tensor, real: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Return the generator's adversarial loss and its feature matching loss."""
        self.requires_grad_(False)
        with torch.no_grad():
            real_outputs = self(real)
        generated_outputs = self(generated)
        self.requires_grad_(True)
        adversarial = torch.stack([-layers[-1].mean() for layers in generated_outputs]).mean()
        features = torch.stack([
            (a - b).abs().mean() / b.abs().mean().clamp(min=1e-3)
            for generated_layers, real_layers in zip(generated_outputs, real_outputs, strict=True)
            for a, b in zip(generated_layers[:-1], real_layers[:-1], strict=True)
        ]).mean()  # fmt: skip
        return {"adversary": adversarial, "features": features}

    def own_loss(self, generated: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Return the discriminator's hinge loss."""
        hinge = nn.functional.relu
        return torch.stack([
            hinge(1 - real_layers[-1]).mean() + hinge(1 + generated_layers[-1]).mean()
            for real_layers, generated_layers in zip(self(real), self(generated), strict=True)
        ]).mean()  # fmt: skip


def _stack(channels: int) -> nn.ModuleList:
    shapes = ((1, channels, (3, 9), (1, 2)), *([(channels, channels, (3, 9), (1, 2))] * 3),
              (channels, channels, (3, 3), (1, 1)))  # fmt: skip
    layers: list[nn.Module] = [
        nn.Sequential(
            weight_norm(nn.Conv2d(into, out, kernel, stride, (kernel[0] // 2, kernel[1] // 2))),
            nn.LeakyReLU(0.1),
        )
        for into, out, kernel, stride in shapes
    ]
    layers.append(weight_norm(nn.Conv2d(channels, 1, 3, padding=1)))
    return nn.ModuleList(layers)
