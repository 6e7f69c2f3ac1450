"""The environment is read at the edges only; what lies within is told, see `system.environment`."""

from __future__ import annotations

import ast
from pathlib import Path

import codecmark

PACKAGE = Path(codecmark.__file__).parent
# what touches the environment itself, and why
TOUCHES = {
    "system/environment.py": "reads folders and switches for the edges",
    "system/quiet.py": "called by the program as it starts",
    "system/threads.py": "tells libraries how many threads they may use",
    "system/wheels.py": "hands it to pip",
    "networks/setup.py": "the device, in `Setup.from_environment`",
    "networks/backends.py": "CXX, as the compiler's own library reads it",
    "run/engines/ray_cluster.py": "hands it to actors",
    "corpus/halves/library.py": "the folder of the halves, in `Library.from_environment`",
    "system/program_start.py": "hands it to the processes that others start",
}
# what makes a setup or a library from it: commands, and defaults of what users call
MAKES = {
    "catalog/__init__.py": "`create` and `select` without a setup",
    "catalog/plugin_program.py": "a process of its own",
    "measure/elsewhere.py": "`score` without a setup",
    "measure/decoding_worker.py": "a process of its own",
    "measure/memory.py": "a process of its own",
    "corpus/published/clips.py": "`corpus.load`",
    "corpus/halves/library.py": "`corpus.load`",
    "networks/setup.py": "`Setup.from_environment`, of its parts",
    "studies/long_form.py": "a process of its own",
}


def modules_with(*names: str) -> set[str]:
    """Return the modules of the package that use an attribute or a name, as paths."""
    users = set()
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if not any(name in source for name in names):  # parsing all of them takes long
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute | ast.Name):
                used = node.attr if isinstance(node, ast.Attribute) else node.id
                if used in names:
                    users.add(path.relative_to(PACKAGE).as_posix())
    return users


def test_the_environment_is_touched_where_there_is_a_reason() -> None:
    assert modules_with("environ", "getenv", "putenv") == TOUCHES.keys()


def test_setups_are_made_by_commands_and_by_defaults_of_what_users_call() -> None:
    makers = modules_with("from_environment")
    assert {path for path in makers if not path.startswith("commands/")} == MAKES.keys()
