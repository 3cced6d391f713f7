"""Databases for Odoo: templates that are built once, and clones of them that start in seconds."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import addon as addon_module
from .cache import digest
from .environment import Environment
from .errors import Stop, explain
from .postgres import Server
from .processes import is_running
from .session import Session

RECIPE = 2
KEPT = 16  # several clones of the project may be at work at once, each with states of its own
FILLED = "filled"
FILLED_KEPT = 2
FILLED_DAYS = 30
INSIDE = Path(__file__).parent / "inside"


@dataclass
class Databases:
    """The databases on one server, with their file stores.

    :param session: surroundings.
    :param environment: Odoo and its Python.
    :param server: the server they are on.
    """

    session: Session
    environment: Environment
    server: Server

    @property
    def data_dir(self) -> Path:
        """Odoo's data folder for this server."""
        return self.session.cache.folder("data", self.server.identity)

    def config(self, name: str = "odoo.conf") -> Path:
        """A configuration file for Odoo: addons, data folder, server.

        :param name: name of the file in the command's own folder.
        """
        path = self.session.folder / name
        addons = [*self.environment.addons, self.session.addons_path]
        lines = {
            "addons_path": ",".join(map(str, addons)),
            "data_dir": self.data_dir,
            "db_host": self.server.environ.get("PGHOST", False),
            "db_port": self.server.environ.get("PGPORT", False),
            "db_user": self.server.environ.get("PGUSER", False),
            "http_interface": "127.0.0.1",
            "list_db": False,
        }
        text = "".join(f"{key} = {value}\n" for key, value in lines.items())
        path.write_text(f"[options]\n{text}", encoding="utf-8")
        return path

    def tool(self, *arguments: str) -> Any:
        """Run one command of the database tool.

        :returns: its answer.
        """
        output = self.session.processes.output(
            [self.environment.python, INSIDE / "dbtool.py", *arguments],
            f"Database command “{arguments[0]}”",
            self.server.environ,
        )
        return json.loads(output)

    def remarks(self) -> dict[str, dict[str, Any]]:
        """The databases of this cache by name, with what is known of each."""
        found = {}
        for name, text in self.tool("list").items():
            if text and text.startswith('{"oms"'):
                facts = json.loads(text)
                if facts["oms"] == self.server.identity:
                    found[name] = facts
        return found

    def remark(self, name: str, **facts: object) -> None:
        """Note something about a database, in the database server itself."""
        noted = {"oms": self.server.identity, "at": time.time(), **facts}
        self.tool("remark", name, json.dumps(noted))

    def filestore(self, name: str) -> Path:
        """Folder with the files of a database."""
        return self.data_dir / "filestore" / name

    def drop(self, name: str) -> None:
        """Drop a database and its files."""
        self.tool("drop", name)
        shutil.rmtree(self.filestore(name), ignore_errors=True)

    def clone(self, template: str, name: str) -> None:
        """Copy a database together with its files; without these its asset bundles are missing.

        :param template: database to copy.
        :param name: database to make; one of that name is dropped first.
        """
        self.drop(name)
        source = self.filestore(template)
        if source.exists():
            # Odoo names files after their content and never changes one: links do.
            shutil.copytree(source, self.filestore(name), copy_function=os.link)
        with self.session.cache.lock("template"):
            self.tool("create", name, template)

    @contextmanager
    def temporary(self, template: str, purpose: str) -> Iterator[str]:
        """A clone of a template that is dropped afterwards.

        :param template: database to clone.
        :param purpose: becomes part of its name.
        """
        run = self.session.processes.run_id
        name = f"oms_{purpose}_{run.replace('-', '_')}"
        self.clone(template, name)
        self.remark(name, kind="temporary", run=run)
        try:
            yield name
        finally:
            self.session.processes.sweep()
            with contextlib.suppress(Stop):
                self.drop(name)

    def drop_leftovers(self) -> None:
        """Drop temporary databases of commands that were killed, and filled ones long unused."""
        oldest = time.time() - FILLED_DAYS * 86400
        for name, facts in self.remarks().items():
            kind = facts.get("kind")
            killed = kind == "temporary" and not is_running(str(facts.get("run", "")))
            if killed or (kind == FILLED and float(facts["at"]) < oldest):
                self.drop(name)

    def base(self, beside: Sequence[str] = ()) -> str:
        """The template with the addon's dependencies, without the addon.

        :param beside: further modules of Odoo, which the addon works with but does not need.
        """
        place = "" if self.server.private else self.server.identity
        key = digest(
            RECIPE, self.environment.build, self.session.addon.dependency_key, place, *beside
        )
        name = f"oms_base_{key}"
        plain = self.base() if beside else ""
        modules = [*beside] or self.session.addon.depends

        def fill(building: str) -> None:
            self.session.cache.require_space(1.5, "The template database")
            if plain:
                self.clone(plain, building)
            else:
                self.tool("create", building)
            self.remark(building, kind="temporary", run=self.session.processes.run_id)
            log = self.session.logs / "base.log"
            self.prepare(building, "install", modules, log, "Installing Odoo's modules")

        with self.session.cache.lock("base database"):
            self._build(name, fill, kind="base")
        return name

    def with_addon(self, log: Path, beside: Sequence[str] = ()) -> str:
        """The template with the addon as it is in the clone.

        The addon is installed afresh on a clone of the base template: that takes no longer than
        updating an older one, and leaves nothing of older states behind.

        :param log: gets the server's log of the installation, that of the past if it was done.
        :param beside: see :meth:`base`.
        """
        base = self.base(beside)
        name = f"oms_addon_{digest(base, self.session.addon.fingerprint())}"
        kept_log = self.session.cache.folder("data", self.server.identity, "log") / f"{name}.log"

        def fill(building: str) -> None:
            self.clone(base, building)
            self.remark(building, kind="temporary", run=self.session.processes.run_id)
            self.prepare(building, "install", [addon_module.NAME], log, "Installing the addon")
            shutil.copyfile(log, kept_log)

        with self.session.cache.lock(f"database {name}"):
            self._build(name, fill, kind="addon", base=base)
        if not log.exists():
            shutil.copyfile(kept_log, log)
        return name

    @contextmanager
    def filled(
        self, purpose: str, key: str, gibibytes: float, log: Path, fill: Callable[[str], None]
    ) -> Iterator[str]:
        """A database with the addon and much data, filled once and kept for later runs.

        Nobody else uses it meanwhile. When the addon has changed in a way that its key does not
        tell, the addon is updated in it. It has its name only when it is whole: when filling it
        is interrupted, the next run begins anew.

        :param purpose: becomes part of its name.
        :param key: what its data depend on.
        :param gibibytes: space that it needs.
        :param log: gets the server's log when the addon is installed or updated.
        :param fill: fills a database with the addon, given its name.
        """

        def build(building: str) -> None:
            self.session.cache.require_space(gibibytes, "The database with the data")
            self.clone(self.with_addon(log), building)
            self.remark(building, kind="temporary", run=self.session.processes.run_id)
            fill(building)

        name = f"oms_{purpose}_{digest(self.base(), key)}"
        fingerprint = self.session.addon.fingerprint()
        with self.session.cache.lock(f"{purpose} database"):
            noted = self.remarks().get(name, {}).get("fingerprint", fingerprint)
            if noted != fingerprint:
                title = "Updating the addon in the database with the data"
                try:
                    self.prepare(name, "update", [addon_module.NAME], log, title)
                except Stop:
                    # It was half filled by a state of the addon that never was; begin anew.
                    self.drop(name)
            self._build(name, build, FILLED_KEPT, kind=FILLED, fingerprint=fingerprint)
            yield name

    def _build(
        self, name: str, fill: Callable[[str], None], kept: int = KEPT, **facts: object
    ) -> None:
        known = self.remarks()
        if name not in known or not self.filestore(name).exists():
            building = f"{name}_building"
            self.drop(name)
            self.drop(building)
            fill(building)
            shutil.rmtree(self.filestore(name), ignore_errors=True)
            self.filestore(building).rename(self.filestore(name))
            self.tool("rename", building, name)
        self.remark(name, **facts)
        same = [each for each, noted in known.items() if noted.get("kind") == facts["kind"]]
        same.sort(key=lambda each: float(known[each]["at"]), reverse=True)
        for old in [each for each in same if each != name][kept - 1 :]:
            self.drop(old)

    def prepare(self, name: str, mode: str, modules: Sequence[str], log: Path, title: str) -> None:
        """Install or update modules in a database.

        :param name: the database.
        :param mode: `install` or `update`.
        :param modules: technical names.
        :param log: gets the server's log.
        :param title: the step's title.
        :raises Stop: it failed.
        """

        def show(line: str) -> None:
            if match := re.search(r"Loading module (\S+ \(\d+/\d+\))", line):
                step.say(match[1])

        with self.session.report.step(title) as step:
            command = [INSIDE / "prepare.py", self.config(), name, mode, ",".join(modules)]
            code = self.session.processes.run(
                [self.environment.python, *command],
                log,
                environ=self.server.environ,
                on_line=show,
            )
        if code:
            raise explain(log.read_text(errors="replace")[-4000:], title, log)
