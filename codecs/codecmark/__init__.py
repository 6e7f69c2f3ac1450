"""codecmark: audio codecs compared under identical conditions, by real bytes and statistics."""

from codecmark.catalog import create
from codecmark.clip import AudioClip
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import (
    BitstreamError,
    CodecError,
    CodecmarkError,
    InputError,
    MetricError,
    ResultSchemaError,
    UnavailableError,
    UnknownCodecError,
)
from codecmark.measure.elsewhere import score
from codecmark.networks.setup import Setup

__all__ = [
    "AudioClip",
    "BitstreamError",
    "Codec",
    "CodecError",
    "CodecInfo",
    "CodecmarkError",
    "InputError",
    "MetricError",
    "ResultSchemaError",
    "Setup",
    "UnavailableError",
    "UnknownCodecError",
    "__version__",
    "create",
    "score",
]

__version__ = "0.1.0"
