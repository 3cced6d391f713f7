"""The benchmark of limits: what it prints, and what it refuses."""

import json

import pytest

from benchmarks import limits


def test_figures(capsys):
    options = ["--orders", "4", "--lines", "3", "--sites", "12", "--json"]
    for names in (limits.TYPICAL, ",".join(limits.LIMITS), ""):
        assert limits.main([*options, "--limits", names]) == 0
        figures = json.loads(capsys.readouterr().out)
        assert figures["orders"] == 4
        assert figures["unproven"] == 0
        assert 0.0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]


def test_without_json_a_table(capsys):
    assert limits.main(["--orders", "1", "--lines", "1", "--sites", "3", "--fill"]) == 0
    assert "worst gap percent" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limits", "luck"], "there is no limit 'luck'"),
        (["--lines", "0"], "start at 1"),
        (["--density", "0"], "above 0"),
    ],
)
def test_bad_options(options, message, capsys):
    with pytest.raises(SystemExit):
        limits.main(options)
    assert message in capsys.readouterr().err
