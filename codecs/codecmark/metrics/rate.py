"""Rate and speed, from totals: sums first, then one division, never a mean of ratios."""

from __future__ import annotations

_PCM_BYTES = 2


def bitrate_kbps(stream_bytes: int, audio_s: float) -> float:
    """Kilobits (1000 bits) a second of the whole stream."""
    return 8 * stream_bytes / audio_s / 1000


def pcm16_bytes(n_samples: int, channels: int) -> int:
    """Bytes of the same audio as 16-bit PCM."""
    return _PCM_BYTES * n_samples * channels


def compression_ratio(pcm_bytes: int, stream_bytes: int) -> float:
    """Bytes of 16-bit PCM at the condition's rate and channels / bytes of the stream."""
    return pcm_bytes / stream_bytes


def real_time_factor(seconds_spent: float, audio_s: float) -> float:
    """Seconds spent for each second of audio; below 1 is faster than real time."""
    return seconds_spent / audio_s
