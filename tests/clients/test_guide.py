"""The examples of the guide are run as they stand, and print what stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ways import Shop

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "client-guide.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: How each language is run, and what its file is called.
LANGUAGES = {"sh": "sh", "python": "py", "js": "mjs"}


def read_examples() -> dict[str, list[tuple[str, str]]]:
    """By language: code and what it prints. Each goes on from the one before it."""
    found: dict[str, list[tuple[str, str]]] = {language: [] for language in LANGUAGES}
    blocks = _BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    for (language, code), (text, printed) in zip(blocks[::2], blocks[1::2], strict=True):
        assert text == "text", f"what this prints does not follow it: {code[:60]}"
        found[language].append((code, printed))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_examples(language: str, shop: Shop, tmp_path: Path) -> None:
    examples = read_examples()[language]
    assert examples
    program = tmp_path / f"example.{LANGUAGES[language]}"
    program.write_text("\n".join(code for code, _printed in examples), encoding="utf-8")
    runner = {"sh": "/bin/sh", "python": sys.executable, "js": shop.node}[language]
    environ = {
        "PATH": os.environ["PATH"],
        "URL": shop.url,
        "HOST": shop.host,
        "PORT": str(shop.port),
        "DATABASE": shop.database,
        "KEY": shop.keys["SHOP"]["key"],
    }
    done = subprocess.run(
        [runner, program], env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    # JSON that curl prints ends without a line break.
    told = done.stdout if language != "sh" else done.stdout.replace("}{", "}\n{")
    wanted = "".join(printed for _code, printed in examples)
    pattern = re.escape(wanted.strip()).replace("…", ".*?")
    assert re.fullmatch(pattern, told.strip(), re.DOTALL), f"{told}\ninstead of\n{wanted}"


def test_every_step_of_the_road_is_shown() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for language, examples in read_examples().items():
        if language == "sh":
            continue
        code = "".join(code for code, _printed in examples)
        for method in ("availability", "hold", "place_orders", "order_status", "order_events"):
            assert f'"{method}"' in code, f"{method} is missing in {language}"
    assert "Retry-After" in text
