"""Keep the upper byte of 16-bit samples; decoding puts `DELAY` samples of silence in front."""

import array
import struct
import sys
import wave

DELAY = 7
HEAD = struct.Struct("<BI")


def encode(source: str, target: str) -> None:
    with wave.open(source) as sound:
        pcm = array.array("h", sound.readframes(sound.getnframes()))
        head = HEAD.pack(sound.getnchannels(), sound.getframerate())
    with open(target, "wb") as file:  # noqa: PTH123 - quicker to start without pathlib
        file.write(head + array.array("b", [min(127, (v + 128) >> 8) for v in pcm]).tobytes())


def decode(source: str, target: str) -> None:
    with open(source, "rb") as file:  # noqa: PTH123
        channels, rate = HEAD.unpack(file.read(HEAD.size))
        upper = array.array("b", file.read())
    with wave.open(target, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        pcm = array.array("h", [0] * (DELAY * channels) + [value * 256 for value in upper])
        sound.writeframes(pcm.tobytes())


{"encode": encode, "decode": decode}[sys.argv[1]](sys.argv[2], sys.argv[3])
