"""Failures are sentences with a mend."""

import signal
import sys

import pytest

from runtime import bench, demo, errors
from runtime.errors import Interrupted, Stop, explain, guarded


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("E: Failed to fetch http://x  Temporary failure resolving 'x'", "network"),
        ("ERROR: ... NameResolutionError(...)", "network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("line\nlast word\n", "last word"),
        ("", "no output"),
    ],
)
def test_output_of_a_failed_command_becomes_a_sentence(output, words):
    assert words in explain(output, "Fetching").message


def run(monkeypatch, main, *arguments):
    monkeypatch.setattr(sys, "argv", ["bin/x", *arguments])
    with pytest.raises(SystemExit) as ended:
        guarded("bin/x", main)
    return ended.value.code


def test_a_stop_ends_in_code_2_without_traceback(monkeypatch, capsys):
    def main(_given):
        raise Stop("it is broken.", "Mend it.")

    assert run(monkeypatch, main) == 2
    assert capsys.readouterr().err == "bin/x: it is broken. Mend it.\n"


def test_an_unexpected_error_is_a_sentence_too_and_a_traceback_on_demand(monkeypatch, capsys):
    def main(given):
        assert "--verbose" not in given
        raise KeyError("x")

    assert run(monkeypatch, main) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert run(monkeypatch, main, "--verbose") == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_ends_as_the_shell_expects(monkeypatch, capsys):
    def main(_given):
        raise Interrupted(signal.SIGTERM)

    assert run(monkeypatch, main) == 143
    assert "Traceback" not in capsys.readouterr().err


def test_a_full_disk_is_a_sentence(monkeypatch, capsys):
    def main(_given):
        raise OSError(28, "No space left on device")

    assert run(monkeypatch, main) == 2
    assert "disk is full" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--orders", "o.csv"], "--sites and --stock"),
        (["--orders", "/no/o", "--sites", "/no/s", "--stock", "/no/t"], "/no/o cannot be read"),
        (["--month", "2021-06"], "go with --orders"),
    ],
)
def test_the_demo_says_what_is_wrong_with_its_options(given, words):
    with pytest.raises(Stop, match=words):
        demo.inputs(demo.arguments(given))


def test_the_demo_checks_month_and_limit(tmp_path):
    for name in "abc":
        (tmp_path / name).write_text(name)
    files = [f"--{option}={tmp_path / name}" for option, name in zip(FILES, "abc", strict=True)]
    for wrong in ("--month=2021-13", "--month=june", "--limit=0", "--limit=many"):
        with pytest.raises(Stop):
            demo.inputs(demo.arguments([*files, wrong]))
    plain = demo.inputs(demo.arguments(files))
    limited = demo.inputs(demo.arguments([*files, "--limit=5"]))
    assert plain.key() != limited.key()
    assert limited.arguments()[-2:] == ["", "5"]
    before = plain.key()
    (tmp_path / "a").write_text("changed")
    assert plain.key() != before


FILES = ("orders", "sites", "stock")


def test_benchmarks_are_listed_with_their_first_line_and_their_databases(tmp_path):
    (tmp_path / "quick.py").write_text(
        '"""Is quick.\n\nMore."""\nif __name__ == "__main__":\n    0\n'
    )
    (tmp_path / "slow.py").write_text(
        '"""Is slow."""\nDATABASES = {"DB": "addon"}\nif __name__ == "__main__":\n    0\n'
    )
    (tmp_path / "served.py").write_text(
        '"""Is served."""\nDATABASES = {"DB": "copy"}\nSERVER = {"database": "DB", "workers": 2}\n'
        'if __name__ == "__main__":\n    0\n'
    )
    (tmp_path / "helper.py").write_text('"""Is none."""\n')
    found = bench.found_in(tmp_path)
    assert found["served"].server == {"database": "DB", "workers": 2}
    assert found["served"].is_filled and not found["slow"].is_filled
    assert not found["slow"].server
    assert {name: (each.summary, each.databases) for name, each in found.items()} == {
        "quick": ("Is quick.", {}),
        "served": ("Is served.", {"DB": "copy"}),
        "slow": ("Is slow.", {"DB": "addon"}),
    }


def test_no_space_names_the_folder_to_move():
    assert "OMS_CACHE" in errors.no_space("Unpacking").mend
