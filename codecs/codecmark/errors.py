"""Every error that leaves this package.

```
CodecmarkError
├── InputError            a clip, a spec, a corpus or a condition is not usable as given
├── CodecError            a codec could not do its work
│   ├── UnknownCodecError     no catalog entry has this name
│   ├── UnavailableError      the codec exists but something it needs is missing; says what to do
│   │   ├── DamagedWeightsError   a weight file is here but is not the published one
│   │   └── DamagedAudioError     so is a file of published audio
│   └── BitstreamError        the bytes are not a stream that this codec wrote
├── MetricError           a metric is undefined for these signals
└── ResultSchemaError     a stored row cannot be read by this version
```

Messages name the offending field and the remedy. Nothing else is raised on purpose: a
`TypeError` or a library's own exception that reaches the caller is a bug.
"""

from __future__ import annotations


class CodecmarkError(Exception):
    """Root of the tree; catch this to catch everything the package raises."""


class InputError(CodecmarkError):
    """A clip, spec, corpus or condition cannot be used as given."""


class CodecError(CodecmarkError):
    """A codec failed on valid input."""


class UnknownCodecError(CodecError):
    """A spec names no catalog entry; the message suggests the nearest ones."""


class UnavailableError(CodecError):
    """A codec needs weights, a package or a program that is not here.

    `remedy` is the exact command or setting that would make it available.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


class DamagedWeightsError(UnavailableError):
    """A weight file is here but is not the published one; nothing stands in for it."""


class DamagedAudioError(UnavailableError):
    """A file of published audio is here but is not the published one."""


class BitstreamError(CodecError):
    """The bytes are truncated, damaged, foreign or of a newer version.

    `field` is the part of the stream that gave it away.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class MetricError(CodecmarkError):
    """A metric is undefined for the signals it was given; the message is the reason."""


class ResultSchemaError(CodecmarkError):
    """A stored row has a newer or unreadable schema."""
