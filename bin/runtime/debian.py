"""Odoo from Debian's package, unpacked into the cache without installing anything."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from . import aptsource
from .cache import COMPLETE
from .errors import Stop
from .progress import Step
from .session import Session

RECIPE = 1
SUITE = "sid"
PACKAGE = "odoo-19"
COMPANIONS = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-montserrat",
    "fonts-roboto-unhinted",
    "fonts-ocr-b",
    "fonts-glyphicons-halflings",
)
# Odoo's styles name files that Font Awesome 7, the one in sid, no longer has.
OLDER_SUITE = "bookworm"
OLDER_COMPANIONS = ("fonts-font-awesome", "fonts-inconsolata")
SITE_PACKAGES = Path("usr", "lib", "python3", "dist-packages")

# Debian removes this file for want of its source. Every backend page asks for it, and its absence
# is an error in the log and in each browser test.
STUB = Path("odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js")

_USE_OWN = "Install Odoo 19.0 yourself and set ODOO_BIN to its odoo-bin."


class PrivateApt:
    """An apt state of its own in the cache; the machine's is neither read nor written.

    :param session: surroundings.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.folder = session.cache.folder("apt")
        for name in ("lists/partial", "cache/archives/partial", "sources", "preferences"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def options(self) -> list[str]:
        """Command line options that select this state."""
        return [
            f"-oDir::State::Lists={self.folder}/lists",
            f"-oDir::Cache={self.folder}/cache",
            "-oDir::Etc::sourcelist=/dev/null",
            f"-oDir::Etc::sourceparts={self.folder}/sources",
            "-oDir::Etc::preferences=/dev/null",
            f"-oDir::Etc::preferencesparts={self.folder}/preferences",
            # Root's cache is not readable for the user to whom apt steps down.
            "-oAPT::Sandbox::User=root",
            "-oAPT::Update::Error-Mode=any",
            "-oAcquire::Retries=2",
            "-oAcquire::http::Timeout=30",
            "-oAcquire::https::Timeout=30",
            "-oAcquire::Languages=none",
        ]

    def update(self, suites: tuple[str, ...]) -> None:
        """Fetch the package lists.

        :param suites: suites of the machine's own archive.
        :raises Stop: the machine has no Debian source, or the archive cannot be reached.
        """
        source = machine_source(self._session)
        (self.folder / "sources" / "oms.sources").write_text(source.for_suites(suites))
        self._session.processes.run(
            ["apt-get", *self.options(), "-q", "update"],
            self._session.logs / "apt-update.log",
            "Reading Debian's package lists",
        )

    def newest_odoo(self) -> str:
        """Version of the newest Odoo 19 package.

        :raises Stop: the suite has none any more.
        """
        output = self._session.processes.output(
            ["apt-cache", *self.options(), "madison", PACKAGE], "Asking for Odoo's package"
        )
        version = aptsource.newest_19(output)
        if not version:
            raise Stop(f"Debian's suite {SUITE} no longer has Odoo 19.", _USE_OWN)
        return version

    def download(self, packages: list[str], folder: Path, step: Step) -> None:
        """Fetch package files.

        :param packages: names, with `=version` or `/suite` where it matters.
        :param folder: gets the `.deb` files.
        :param step: shows which one is on its way.
        """

        def show(line: str) -> None:
            if match := re.match(r"Get:\d+ \S+ (\S+ \S+ \S+)", line):
                step.say(match[1])

        self._session.processes.run(
            ["apt-get", *self.options(), "-q", "download", *packages],
            self._session.logs / "apt-download.log",
            "Downloading Odoo",
            on_line=show,
            cwd=folder,
        )


def machine_source(session: Session) -> aptsource.Source:
    """The source from which this Debian machine was installed.

    :raises Stop: it is no Debian, or its sources do not say.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Stop("this machine has no apt, from which Odoo 19 could be fetched.", _USE_OWN)
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    codename = re.search(r'^VERSION_CODENAME="?([^"\n]+)', release, re.MULTILINE)
    paths = session.processes.output(
        ["apt-config", "shell", "L", "Dir::Etc::sourcelist/f", "P", "Dir::Etc::sourceparts/d"],
        "Reading apt's configuration",
    )
    places = dict(re.findall(r"^(\w)='(.*)'$", paths, re.MULTILINE))
    files = [Path(places["L"])] if "L" in places else []
    files += sorted(Path(places["P"]).glob("*")) if "P" in places else []
    sources: list[aptsource.Source] = []
    for path in files:
        if path.is_file() and os.access(path, os.R_OK):
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix == ".sources":
                sources += aptsource.parse_deb822(text)
            elif path.suffix == ".list":
                sources += aptsource.parse_list(text)
    found = aptsource.choose(sources, codename[1]) if codename else None
    if not found or "ID=debian" not in release.splitlines():
        raise Stop(
            "this machine's apt sources name no Debian archive to fetch Odoo from.", _USE_OWN
        )
    return found


def prefix(session: Session) -> tuple[Path, str]:
    """The folder with Debian's Odoo 19, fetched when it is not in the cache yet.

    :returns: its Python path entry and the version of the package.
    """
    folder = session.cache.folder("odoo")
    with session.cache.lock("odoo"):
        for stamp in sorted(folder.glob(f"*-r{RECIPE}/{COMPLETE}"), reverse=True):
            return stamp.parent / SITE_PACKAGES, _recorded_version(stamp.parent)
        session.cache.require_space(4, "The first set-up")
        return _fetch(session, folder)


def _recorded_version(path: Path) -> str:
    return str(json.loads((path / "origin.json").read_text())["version"])


def _fetch(session: Session, folder: Path) -> tuple[Path, str]:
    apt = PrivateApt(session)
    with session.report.step("Reading Debian's package lists"):
        apt.update((SUITE, OLDER_SUITE))
        version = apt.newest_odoo()
    debs = session.cache.folder("debs")
    wanted = [f"{PACKAGE}={version}", *(f"{name}/{SUITE}" for name in COMPANIONS)]
    wanted += [f"{name}/{OLDER_SUITE}" for name in OLDER_COMPANIONS]
    missing = [name for name in wanted if not list(debs.glob(_file_pattern(name)))]
    if missing:
        with session.report.step(f"Downloading Odoo {version} from Debian") as step:
            shutil.rmtree(debs / "arriving", ignore_errors=True)
            arriving = session.cache.folder("debs", "arriving")
            apt.download(missing, arriving, step)
            for deb in arriving.glob("*.deb"):
                deb.rename(debs / deb.name)

    def unpack(partial: Path) -> None:
        with session.report.step("Unpacking Odoo") as step:
            for deb in sorted(debs.glob("*.deb")):
                step.say(deb.name)
                session.processes.run(
                    ["dpkg", "-x", deb, partial], session.logs / "unpack.log", "Unpacking Odoo"
                )
            site = partial / SITE_PACKAGES
            check_release(site / "odoo" / "release.py")
            (site / STUB).parent.mkdir(parents=True, exist_ok=True)
            (site / STUB).touch()
            (partial / "origin.json").write_text(json.dumps({"version": version}))

    target = session.cache.build(folder / f"{version.replace('+', '-')}-r{RECIPE}", unpack)
    shutil.rmtree(debs)
    shutil.rmtree(apt.folder)
    return target / SITE_PACKAGES, version


def _file_pattern(package: str) -> str:
    name, _, version = package.partition("=")
    return f"{name.partition('/')[0]}_{version or '*'}_*.deb"


def check_release(path: Path) -> None:
    """Make sure that what was fetched is Odoo 19.0.

    :param path: Odoo's `release.py`.
    :raises Stop: it is another version.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    match = re.search(r"^version_info = \((\d+), *(\d+)", text, re.MULTILINE)
    if not match or match.groups() != ("19", "0"):
        arrived = ".".join(match.groups()) if match else "no Odoo"
        raise Stop(f"Debian's package {PACKAGE} holds {arrived} instead of Odoo 19.0.", _USE_OWN)
