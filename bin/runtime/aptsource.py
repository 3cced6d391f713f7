"""Reading the machine's apt sources, to derive one for a private apt state from them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_OWN_FIELDS = {"types", "uris", "suites", "components", "enabled", "architectures"}


@dataclass(frozen=True)
class Source:
    """One source of packages.

    :param types: `deb`, `deb-src`.
    :param uris: addresses of the archive.
    :param suites: suites taken from it.
    :param components: components taken from each suite.
    :param extra: further deb822 fields by name, such as `Signed-By`.
    """

    types: tuple[str, ...]
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    extra: dict[str, str] = field(default_factory=dict)

    def for_suites(self, suites: Iterable[str]) -> str:
        """The same archive with other suites, as a deb822 stanza.

        :param suites: suites to take, component `main` only.
        """
        lines = {
            "Types": "deb",
            "URIs": " ".join(self.uris),
            "Suites": " ".join(suites),
            "Components": "main",
            **self.extra,
        }
        return "".join(f"{name}: {value}\n" for name, value in lines.items())


def parse_deb822(text: str) -> list[Source]:
    """Read a `.sources` file.

    :param text: its content; disabled stanzas are left out.
    """
    sources = []
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n[ \t]*\n", kept):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1] in (" ", "\t") and name:
                fields[name] += "\n" + line
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip()
                fields[name] = value.strip()
        lower = {key.lower(): value for key, value in fields.items()}
        if "uris" not in lower or lower.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        sources.append(
            Source(
                types=tuple(lower.get("types", "deb").split()),
                uris=tuple(lower["uris"].split()),
                suites=tuple(lower.get("suites", "").split()),
                components=tuple(lower.get("components", "").split()),
                extra={k: v for k, v in fields.items() if k.lower() not in _OWN_FIELDS},
            )
        )
    return sources


def parse_list(text: str) -> list[Source]:
    """Read a `.list` file of one-line entries.

    :param text: its content.
    """
    sources = []
    for line in text.splitlines():
        match = re.match(r"\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if not match:
            continue
        kind, options, uri, suite, components = match.groups()
        extra = {}
        for option in (options or "").split():
            name, _, value = option.partition("=")
            if name.lower() not in ("arch", "target"):
                field_name = "-".join(part.capitalize() for part in name.split("-"))
                extra[field_name] = value.replace(",", " ")
        sources.append(Source((kind,), (uri,), (suite,), tuple(components.split()), extra))
    return sources


def choose(sources: Iterable[Source], codename: str) -> Source | None:
    """The source from which the machine itself was installed.

    :param sources: all sources of the machine.
    :param codename: code name of its release, such as `bookworm`.
    :returns: the first with binary packages of that very suite, or nothing.
    """
    for source in sources:
        if "deb" in source.types and "main" in source.components and codename in source.suites:
            return source
    return None


def newest_19(policy: str) -> str | None:
    """The newest 19.x version among the candidates.

    :param policy: output of `apt-cache madison` for the package.
    """
    versions = re.findall(r"^\s*\S+\s*\|\s*(19\.\S+)\s*\|", policy, re.MULTILINE)
    return max(versions, key=_version_order) if versions else None


def _version_order(version: str) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", version)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
