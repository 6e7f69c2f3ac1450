"""The program that loads a plug-in and answers `plugin_questions`; nothing else imports this."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from codecmark import catalog
from codecmark.catalog import checking, factories
from codecmark.errors import CodecmarkError, InputError, UnavailableError, UnknownCodecError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from codecmark.system import child_program
from codecmark.system.text import shortened


def _specs(spec: str, setup: Setup) -> object:  # noqa: ARG001
    return getattr(_class_of(spec), "catalog_specs", ())


def _words(spec: str, setup: Setup) -> object:  # noqa: ARG001
    return inspect.cleandoc(_class_of(spec).__doc__ or "")  # its own, not the base class's


def _check(spec: str, setup: Setup) -> object:
    checking.build_without_weights(spec, setup)
    return None


def _info(spec: str, setup: Setup) -> object:
    return asdict(catalog.create(spec, setup).info)


def _class_of(spec: str) -> object:
    return factories.load(catalog.target(Spec.parse(spec)))


_QUESTIONS: Mapping[str, Callable[[str, Setup], object]] = {
    "specs": _specs, "words": _words, "check": _check, "info": _info,
}  # fmt: skip


def _main() -> None:
    """Answer requests until the parent ends."""
    requests, answers = child_program.serving()
    for line in requests:
        request: dict[str, Any] = json.loads(line)
        setup = Setup.from_environment()
        weights = replace(setup.weights, reads_files=request["reads_files"])
        answer: dict[str, Any] = {"number": request["number"]}
        try:
            content = _QUESTIONS[request["question"]](
                request["spec"], replace(setup, weights=weights)
            )
            # NumPy's numbers are no JSON
            text = json.dumps({**answer, "answer": content}, default=lambda value: value.item())
        except BaseException as error:  # whatever it raises is its failure
            text = json.dumps({**answer, **_told(error)})
        answers.write(text.encode() + b"\n")
        answers.flush()


def _told(error: BaseException) -> dict[str, str]:
    """Return what `plugin_questions` makes the same error of."""
    if isinstance(error, UnavailableError):
        told = {"error": "UnavailableError", "message": error.what, "remedy": error.remedy}
    elif isinstance(error, CodecmarkError):
        kinds = (InputError, UnknownCodecError)
        kind = next((kind.__name__ for kind in kinds if isinstance(error, kind)), "CodecError")
        told = {"error": kind, "message": str(error)}
    else:
        told = {"error": "CodecError", "message": f"{type(error).__name__}: {error}"}
    return {name: shortened(text) for name, text in told.items()}


if __name__ == "__main__":
    _main()
