"""All that has to be there before a database can be made: Odoo and its Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import odoo, requirements, venv
from .session import Session


@dataclass(frozen=True)
class Environment:
    """Odoo with a Python that can run it.

    :param runtime: virtual environment with Odoo's requirements and the addon's.
    :param tools: virtual environment with the test tools on top, if they were asked for.
    :param addons: folders of Odoo's addons.
    :param build: identifies the build of Odoo.
    :param title: what to call that Odoo in a sentence.
    """

    runtime: Path
    tools: Path | None
    addons: tuple[Path, ...]
    build: str
    title: str

    @property
    def python(self) -> Path:
        """The Python that runs Odoo."""
        return self.runtime / "bin" / "python"

    @property
    def tools_python(self) -> Path:
        """The Python that runs the tests, with all that Odoo needs as well."""
        if self.tools is None:
            raise ValueError("the test tools were not asked for")
        return self.tools / "bin" / "python"


def prepare(session: Session, tools: bool = False) -> Environment:
    """Fetch or find Odoo and its Python.

    :param session: surroundings.
    :param tools: whether the test tools are needed too.
    """
    found = odoo.find(session)
    python = found.python or venv.base_python()
    needed = [] if found.complete else list(requirements.ODOO)
    wanted = (*session.addon.python_dependencies, *requirements.OPTIONAL)
    needed += [name for name in wanted if name not in needed]
    runtime = venv.build(
        session, "odoo", python, needed, found.paths, "Installing Odoo's Python requirements"
    )
    with_tools = None
    if tools:
        paths = [venv.site_packages(runtime), *found.paths]
        with_tools = venv.build(
            session, "tools", python, requirements.TOOLS, paths, "Installing the test tools"
        )
    return Environment(runtime, with_tools, found.addons, found.build, found.title)
