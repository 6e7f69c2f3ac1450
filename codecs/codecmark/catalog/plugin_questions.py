"""What this process has to know of plug-ins it asks a program that loads them.

So a plug-in that hangs, ends its process or changes it costs itself a line, and nobody else
anything. `plugin_program` is that program: one for each family, with a time limit.
"""

from __future__ import annotations

import atexit
import json
import secrets
from typing import Any

import msgspec

from codecmark.catalog import factories
from codecmark.codec import CodecInfo
from codecmark.errors import CodecError, InputError, UnavailableError, UnknownCodecError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from codecmark.system.child_program import ChildDiedError, ChildLateError, ChildProgram

LIMIT_S = 60.0  # for an answer, the plug-in's libraries included
_LONGEST_ANSWER = 1 << 20
_PROGRAM = ChildProgram("codecmark.catalog.plugin_program", apart=False)
atexit.register(_PROGRAM.close)
# by target: why a plug-in is not asked again
_lost: dict[str, str] = {}


def specs_of(family: str, setup: Setup, limit_s: float = LIMIT_S) -> tuple[str, ...]:
    """Return the specs that a plug-in lists, or its name if it lists none of its own.

    Building that says why it lists none.
    """
    try:
        listed = _answer("specs", Spec(family), setup, limit_s)
    except CodecError:
        return (family,)
    if isinstance(listed, list) and all(factories.is_of(family, spec) for spec in listed):
        return tuple(listed) or (family,)
    return (family,)


def words_of(family: str, setup: Setup) -> str:
    """Return what a plug-in's class says of itself; nothing if it cannot be loaded."""
    try:
        words = _answer("words", Spec(family), setup, LIMIT_S)
    except CodecError:
        return ""
    return words if isinstance(words, str) else ""


def require_spec(spec: Spec, setup: Setup, limit_s: float = LIMIT_S) -> None:
    """Raise what building a plug-in's codec raises if no weights are looked for.

    Raises
    ------
    InputError, CodecError
        `UnavailableError` also where the plug-in ends the program, or does not answer in time.
    """
    _answer("check", spec, setup, limit_s)


def info_of(spec: Spec, setup: Setup, limit_s: float = LIMIT_S) -> CodecInfo:
    """Return what a plug-in's codec declares about itself.

    Raises
    ------
    InputError, CodecError
        As `require_spec`, and if it has no weights here.
    """
    try:
        info = msgspec.convert(_answer("info", spec, setup, limit_s), CodecInfo)
    except msgspec.ValidationError as error:
        raise CodecError(f"{spec}: its info is of another form: {error}") from error
    factories.require_info(info, spec)
    return info


def forget() -> None:
    """Ask every plug-in again, as if for the first time."""
    _lost.clear()
    _PROGRAM.close()


def _answer(question: str, spec: Spec, setup: Setup, limit_s: float) -> Any:
    target = factories.plugins()[spec.family]
    if target not in _lost:
        try:
            return _exchanged(question, spec, setup, limit_s)
        except ChildLateError as error:
            _lost[target] = f"loading or building it {error}"
        except ChildDiedError as error:
            _lost[target] = f"a process that loads or builds it dies of it ({error})"
    raise UnavailableError(
        f"{spec.family} is of a plug-in, {target}: {_lost[target]}",
        "repair or uninstall the distribution that provides it",
    )


def _exchanged(question: str, spec: Spec, setup: Setup, limit_s: float) -> Any:
    number = secrets.token_hex(8)
    request = {
        "number": number,
        "question": question,
        "spec": str(spec),
        "reads_files": setup.weights.reads_files,
    }
    with _PROGRAM.asked(limit_s, spec.family, variables=setup.variables()) as (requests, answers):
        requests.write(json.dumps(request).encode() + b"\n")
        requests.flush()
        line = answers.readline(_LONGEST_ANSWER)
        if not line.endswith(b"\n"):
            raise EOFError
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or answer.get("number") != number:
            raise CodecError(f"{spec}: the program that loads it sent what answers no request")
    if "error" in answer:
        raise _error(answer)
    return answer.get("answer")


def _error(answer: dict[str, Any]) -> CodecError | InputError:
    kind, message = answer["error"], str(answer.get("message"))
    if kind == "UnavailableError":
        return UnavailableError(message, str(answer.get("remedy")))
    known = {error.__name__: error for error in (InputError, UnknownCodecError)}
    return known.get(kind, CodecError)(message)
