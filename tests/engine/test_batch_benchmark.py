"""The benchmark of batches: its figures, on drawn batches and on files."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import batch, sourcing
from benchmarks.batch_instance import draw

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "batch.py"

FILES = {
    "orders": """order_id,order_date,lat,lng,product_id,quantity
O1,2020-01-05,45.76,4.84,P1,1
O2,2020-01-06,48.85,2.35,P1,2
O2,2020-01-06,48.85,2.35,P2,1
O3,2020-02-01,45.76,4.84,P1,3
""",
    "sites": "site,lat,lng\nPAR,48.85,2.35\nLYO,45.76,4.84\n",
    "stock": """month,site,product_id,quantity
2020-01,PAR,P1,1
2020-01,LYO,P1,2
2020-01,LYO,P2,1
2020-02,PAR,P1,2
""",
}


@pytest.fixture
def run(monkeypatch, capsys):
    def run(module, *options):
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, options)])
        try:
            code = module.main()
        except SystemExit as stopped:
            code = stopped.code
        printed = capsys.readouterr()
        return SimpleNamespace(code=code, out=printed.out, err=printed.err)

    return run


@pytest.fixture
def files(tmp_path):
    options = []
    for name, text in FILES.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(text)
        options += [f"--{name}", path]
    return options


def test_drawn_batches_have_what_they_say():
    problem = draw(300, 25, 1)
    demand = sum(len(order.problem.lines) for order in problem.orders)
    single = np.mean([len(order.problem.lines) == 1 for order in problem.orders])
    units = sum(problem.stock.values())
    in_center = sum(quantity for (_p, site), quantity in problem.stock.items() if site == 0)
    assert 0.48 < single < 0.62
    assert max(len(order.problem.lines) for order in problem.orders) == 8
    assert 1.15 * demand <= units < 1.3 * demand
    assert 0.40 < in_center / units < 0.50
    assert draw(300, 25, 1).stock == problem.stock
    assert draw(300, 25, 2).stock != problem.stock


@pytest.mark.parametrize("method", ["auto", "sequence"])
def test_figures_of_a_drawn_batch(run, method):
    result = run(batch, "--orders", 60, "--sites", 25, "--seed", 3, "--method", method, "--json")
    figures = json.loads(result.out)
    assert result.code == 0
    assert {"cost", "bound", "gap_percent", "greedy_gap_percent", "seconds", "peak_mb"} <= set(
        figures
    )
    assert figures["bound"] <= figures["cost"] <= figures["greedy_cost"]
    assert figures["gap_percent"] == pytest.approx(
        100 * (figures["cost"] / figures["bound"] - 1), abs=2e-3
    )
    assert figures["gap_percent"] < 3.0 < figures["greedy_gap_percent"]


def test_files_month_by_month(run, files):
    figures = json.loads(run(batch, *files, "--json").out)
    alone = json.loads(run(sourcing, *files, "--json").out)
    assert (figures["months"], figures["orders"], figures["units"]) == (2, 3, 7)
    assert figures["greedy_cost"] == alone["cost"]
    assert figures["cost"] <= alone["cost"]
    assert figures["unfilled_units"] <= alone["unfilled_units"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--orders", "0"), "at least one"),
        (("--orders", "5", "--sites", "x.csv"), "all files"),
        (("--seed", "-1"), "seed"),
        (("--time-limit", "-3"), "at least zero"),
    ],
)
def test_wrong_options_are_told(run, options, complaint):
    result = run(batch, *options)
    assert result.code == 2
    assert complaint in result.err


def test_a_file_that_is_not_there(run, tmp_path):
    gone = tmp_path / "gone.csv"
    result = run(batch, "--orders", gone, "--sites", gone, "--stock", gone)
    assert result.code == 2
    assert "gone.csv" in result.err
