"""Every error that leaves this package.

```
CodecmarkError
├── InputError            a clip, spec, corpus or condition cannot be used as given
├── CodecError            a codec failed on valid input
│   ├── UnknownCodecError     no catalog entry has this name
│   ├── UnavailableError      the codec exists, but something that it needs is missing
│   │   ├── DamagedWeightsError   a weight file differs from the published one
│   │   └── DamagedAudioError     a file of published audio differs from the published one
│   └── BitstreamError        the bytes are not a stream that this codec wrote
├── MetricError           a metric is undefined for these signals
└── ResultSchemaError     this version cannot read a stored row
```

Messages name the offending field and the remedy. No other exception is raised on purpose: a
`TypeError`, or a library's own exception, that reaches the caller is a bug.
"""

from __future__ import annotations


class CodecmarkError(Exception):
    """Base class of every error that the package raises."""


class InputError(CodecmarkError):
    """A clip, spec, corpus or condition cannot be used as given."""


class CodecError(CodecmarkError):
    """A codec failed on valid input."""


class UnknownCodecError(CodecError):
    """A spec names no catalog entry; the message suggests the nearest ones."""


class UnavailableError(CodecError):
    """A codec needs weights, a package or a program that is not installed.

    Parameters
    ----------
    what : str
        What is missing.
    remedy : str
        The exact command or setting that makes the codec available.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


class DamagedWeightsError(UnavailableError):
    """A weight file differs from the published one; random weights do not replace it."""


class DamagedAudioError(UnavailableError):
    """A file of published audio differs from the published one."""


class BitstreamError(CodecError):
    """The bytes are truncated, damaged, foreign or of a newer version.

    Parameters
    ----------
    field : str
        The part of the stream that is wrong.
    problem : str
        What is wrong with it.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class MetricError(CodecmarkError):
    """A metric is undefined for the given signals; the message is the reason."""


class ResultSchemaError(CodecmarkError):
    """A stored row has a newer or unreadable schema."""
