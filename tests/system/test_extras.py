"""The extras that messages name are those of pyproject.toml."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement

from codecmark.system import extras
from places import REPOSITORY

# brought by others, asked for by libraries only, or of no message that names an extra
UNNAMED = {"accelerate", "codecmark", "codecmark_trained", "pygal"}
FOR_DEVELOPERS = {"coverage", "dev", "docs", "histogram", "listen", "trained"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    project: dict[str, Any] = tomllib.loads(text)["project"]
    return project


def modules(requirements: list[str], optional: dict[str, list[str]]) -> set[str]:
    """Return what is imported of a list of requirements, other extras of ours included."""
    by_distribution = {name: module for module, name in extras.DISTRIBUTIONS.items()}
    found = set()
    for requirement in map(Requirement, requirements):
        if requirement.name == "codecmark":
            for extra in requirement.extras:
                found |= modules(optional[extra], optional)
        name = requirement.name
        found.add(by_distribution.get(name, name.replace("-", "_")))
    return found


def test_every_extra_brings_what_messages_say(project: dict[str, Any]) -> None:
    optional = project["optional-dependencies"]
    assert set(optional) == set(extras.EXTRAS) | FOR_DEVELOPERS
    for extra, named in extras.EXTRAS.items():
        assert set(named) == modules(optional[extra], optional) - UNNAMED, extra


def test_the_plain_installation_has_no_package_of_an_extra(project: dict[str, Any]) -> None:
    plain = modules(project["dependencies"], {})
    assert plain.isdisjoint(set().union(*extras.EXTRAS.values()))
    assert {"lc3", "pycodec2", "pesq", "visqol", "zimtohrli", "av", "jinja2"} <= plain


def test_developers_get_everything(project: dict[str, Any]) -> None:
    optional = project["optional-dependencies"]
    wanted = set().union(*extras.EXTRAS.values()) - {"openvino"}
    assert wanted <= modules(optional["dev"], optional)


@pytest.mark.parametrize(
    ("module", "remedy"),
    [
        ("torch", "pip install 'codecmark[neural]'"),
        ("numba", "pip install 'codecmark[chain]'"),
        ("mido", "pip install 'codecmark[train]'"),
        ("duckdb", "pip install 'codecmark[scale]'"),
        ("lc3", "pip install lc3py"),
    ],
)
def test_the_remedy_names_the_extra(module: str, remedy: str) -> None:
    assert extras.remedy(module) == f"install it: {remedy}"


def test_the_part_that_needs_it_decides_between_extras() -> None:
    assert extras.remedy("torch", "train") == "install it: pip install 'codecmark[train]'"
    assert extras.remedy("onnxruntime", "chain") == "install it: pip install 'codecmark[neural]'"
    places = {"__name__": "codecmark.mel.chain"}
    with pytest.raises(ModuleNotFoundError) as caught:
        exec("import torch_of_nobody", places)  # noqa: S102
    caught.value.name = "torch"
    assert str(extras.missing("it", caught.value)) == (
        "it needs the package torch; install it: pip install 'codecmark[chain]'"
    )


def test_a_bug_of_ours_is_no_missing_package() -> None:
    assert extras.missing("it", ImportError("no name")) is None
    assert extras.missing("it", ModuleNotFoundError("x", name="codecmark.nowhere")) is None
    assert not extras.is_here("no_such_package")
    assert not extras.is_here("no_such.package")
