"""Means of published audio that were scored outside of this suite, and how.

Files mixed to mono and resampled to 16 kHz, at the level at which they were published and in full
length; a decoded file that is shorter than its original padded with silence; aligned by
cross-correlation; no gain fitted. Clips of the listening set were no part of it.
"""

from __future__ import annotations

# speech: codec, pairs, PESQ-WB, SNR dB, SI-SDR dB; scored outside of this suite, means over pairs
FIRST_SCORING = [
    ("audiodec:24khz", 4, 2.05, -0.42, -11.98), ("audiodec:24khz-sym", 4, 1.89, -0.86, -16.12),
    ("audiodec:48khz", 1, 2.00, -0.17, -6.37), ("audiodec:48khz-sym", 1, 2.46, -2.09, -14.47),
    ("audioldm2:48k/hifigan", 1, 3.59, -1.87, -14.21), ("bigcodec", 6, 2.65, 3.18, 0.14),
    ("dac:16khz@1k", 6, 1.11, -0.28, -14.63), ("dac:16khz@4k", 6, 2.76, 6.70, 6.01),
    ("dac:16khz@6k", 6, 4.09, 13.77, 13.69), ("dac:24khz@24k", 5, 4.53, 17.10, 17.05),
    ("dac:44khz@8k", 5, 4.14, 14.51, 14.42), ("encodec:24khz@1.5k", 20, 1.58, 2.72, 0.24),
    ("encodec:24khz@12k", 3, 3.37, 6.73, 5.74), ("encodec:24khz@24k", 3, 3.68, 7.43, 6.59),
    ("encodec:24khz@3k", 11, 2.10, 5.14, 3.78), ("encodec:24khz@6k", 20, 2.78, 6.71, 5.83),
    ("evs@7.2k", 5, 3.19, 9.71, 9.29), ("hifigan:v1", 4, 3.47, -2.85, -20.09),
    ("lyra@3.2k", 8, 2.21, 5.62, 4.91), ("lyra@6k", 5, 2.88, 7.69, 7.20),
    ("mimi@0.55k", 7, 1.75, 2.21, -1.35), ("mimi@1.1k", 21, 2.31, 4.85, 2.91),
    ("opus@6k", 13, 2.42, 7.99, 7.21), ("opus@9k", 8, 3.09, 9.86, 9.43),
    ("semanticodec@0.68k", 4, 1.82, -2.35, -27.01), ("snac:24khz", 9, 2.17, 2.19, -0.51),
    ("speechtokenizer@4k", 15, 2.72, 4.77, 3.43), ("stable-codec@0.7k", 6, 2.35, 1.94, 7.44),
    ("wavtokenizer@0.5k", 7, 1.83, -2.71, -28.40), ("wavtokenizer@0.9k", 21, 2.39, 3.55, 1.57),
    ("xcodec2", 6, 2.17, 2.73, 0.56), ("xcodec:speech@0.5k", 1, 1.41, -2.40, -51.77),
]  # fmt: skip
