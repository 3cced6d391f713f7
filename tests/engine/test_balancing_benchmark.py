"""The benchmark of balancing: what it prints, and what it refuses."""

import json

import pytest

from benchmarks import balancing


def test_figures(capsys):
    assert (
        balancing.main(["--products", "400,200", "--sites", "6", "--density", "1", "--json"]) == 0
    )
    figures = json.loads(capsys.readouterr().out)
    assert figures["sites"] == 6
    for number in (200, 400):
        assert figures[f"rows_{number}"] >= 2 * number
        assert figures[f"moves_{number}"] > 0 < figures[f"gain_{number}"]
        assert figures[f"gap_percent_{number}"] >= 0.0


def test_without_json_a_table(capsys):
    assert balancing.main(["--products", "5", "--sites", "3", "--density", "1"]) == 0
    assert "peak mib 5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--products", "many"], "takes numbers"),
        (["--sites", "2"], "sites at 3"),
        (["--density", "0"], "above 0"),
    ],
)
def test_nonsense_is_refused(capsys, options, message):
    with pytest.raises(SystemExit):
        balancing.main(options)
    assert message in capsys.readouterr().err
