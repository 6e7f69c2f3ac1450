"""What the wheel holds beside the package: the bundled clips, with their licences and authors."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelContents(BuildHookInterface):
    """Adds the clips; an editable installation has them in its checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name what to include, before the build."""
        if version == "standard":
            build_data["force_include"]["benchmarks/corpus"] = "codecmark/corpus/bundled"
