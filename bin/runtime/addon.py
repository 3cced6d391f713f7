"""The addon in the clone: its manifest, its fingerprint, its link on an addons path."""

from __future__ import annotations

import ast
import hashlib
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from .cache import digest
from .errors import Stop

NAME = "oms"

_NOT_IN_DATABASE = {"benchmarks", "bin", "docs", "tests", "__pycache__"}


class Addon:
    """The addon in a clone.

    :param root: root of the clone.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest.

        :raises Stop: it is missing or no literal.
        """
        path = self.root / "__manifest__.py"
        try:
            return dict(ast.literal_eval(path.read_text(encoding="utf-8")))
        except (OSError, SyntaxError, ValueError) as error:
            raise Stop(
                f"the addon's manifest {path} cannot be read ({error}).",
                "Run the command from a complete clone of the project.",
            ) from error

    @property
    def depends(self) -> list[str]:
        """Names of the modules that the addon depends on."""
        return sorted(self.manifest.get("depends", []))

    @property
    def python_dependencies(self) -> list[str]:
        """Distributions that the addon needs beside Odoo's own."""
        return sorted(self.manifest.get("external_dependencies", {}).get("python", []))

    @property
    def dependency_key(self) -> str:
        """Changes when a database without the addon would have to be built anew."""
        return digest(self.depends, self.python_dependencies)

    def fingerprint(self) -> str:
        """Changes when any file that ends up in a database changes."""
        total = hashlib.sha256()
        for path in sorted(self._files()):
            total.update(str(path.relative_to(self.root)).encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()[:10]

    def _files(self) -> list[Path]:
        found = []
        for folder, subfolders, names in os.walk(self.root):
            subfolders[:] = [
                name
                for name in subfolders
                if name not in _NOT_IN_DATABASE and not name.startswith(".")
            ]
            found += [
                Path(folder, name)
                for name in names
                if not name.startswith(".") and not name.endswith((".pyc", ".md"))
            ]
        return found

    def link(self, folder: Path) -> None:
        """Make the addon visible under its technical name, whatever the clone is called.

        :param folder: addons path outside of the clone, made if it does not exist.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NAME).symlink_to(self.root, target_is_directory=True)
