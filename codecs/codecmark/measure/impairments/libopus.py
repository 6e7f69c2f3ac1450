"""libopus itself, as PyAV's wheel brings it: its concealment and its in-band redundancy.

FFmpeg's wrapper offers neither: it has no way to say that a packet is missing.
"""

from __future__ import annotations

import ctypes
import weakref

import av.audio.codeccontext
import numpy as np

from codecmark.clip import Samples
from codecmark.errors import BitstreamError, CodecError, UnavailableError

RATE_HZ = 48_000


class Decoder:
    """A decoder of single packets, at 48 kHz."""

    def __init__(self, channels: int, packet_samples: int) -> None:
        self._library = library()
        self._channels, self._samples = channels, packet_samples
        error = ctypes.c_int()
        state = self._library.opus_decoder_create(RATE_HZ, channels, ctypes.byref(error))
        if error.value:
            raise CodecError(f"libopus: no decoder ({self._reason(error.value)})")
        self._state = ctypes.c_void_p(state)
        weakref.finalize(self, self._library.opus_decoder_destroy, self._state).atexit = False

    def decode(self, packet: bytes) -> Samples:
        """Return the sound of a packet, `[channels, n]`."""
        return self._call(packet, is_earlier=False)

    def conceal(self, following: bytes | None) -> Samples:
        """Return what libopus makes of a lost packet.

        From the redundant copy in the packet that follows, if it arrived and holds one.
        """
        return self._call(following, is_earlier=True)

    def _call(self, packet: bytes | None, *, is_earlier: bool) -> Samples:
        pcm = np.zeros((self._samples, self._channels), np.float32)
        count = self._library.opus_decode_float(
            self._state,
            packet,
            len(packet or b""),
            ctypes.c_void_p(pcm.ctypes.data),
            self._samples,
            int(is_earlier and packet is not None),
        )
        if count < 0:
            raise BitstreamError("packet", f"libopus: {self._reason(count)}")
        return np.ascontiguousarray(pcm[:count].T)

    def _reason(self, code: int) -> str:
        text: bytes = self._library.opus_strerror(code)
        return text.decode()


def packet_samples(packet: bytes) -> int:
    """Return how many samples at 48 kHz a packet holds.

    Raises
    ------
    BitstreamError
        If it is no Opus packet.
    """
    count: int = library().opus_packet_get_nb_samples(packet, len(packet), RATE_HZ)
    if count <= 0:
        raise BitstreamError("packet", "not of Opus")
    return count


def library() -> ctypes.CDLL:
    """Return the library, found through the extension module that is linked with it.

    Raises
    ------
    UnavailableError
        If that is not possible here.
    """
    loaded = ctypes.CDLL(av.audio.codeccontext.__file__)
    try:
        loaded.opus_decoder_create.restype = ctypes.c_void_p
    except AttributeError as error:
        raise UnavailableError(
            "the installed PyAV has no libopus that can be called",
            "pip install --force-reinstall --only-binary av av",
        ) from error
    loaded.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    loaded.opus_strerror.restype = ctypes.c_char_p
    return loaded
