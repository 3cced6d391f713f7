"""The replay of order files: its figures, and what it says of bad files."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import sourcing
from engine.sourcing import PRESETS

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "sourcing.py"

ORDERS = """order_id,order_date,city,lat,lng,product_id,quantity
O2,2020-01-05,Paris,48.85,2.35,P1,2
O1,2020-01-05,Lyon,45.76,4.84,P1,1
O1,2020-01-05,Lyon,45.76,4.84,P2,1
O3,2020-02-01,Lyon,45.76,4.84,P1,3
"""
SITES = "site,kind,lat,lng\nPAR,store,48.85,2.35\nLYO,store,45.76,4.84\n"
STOCK = """month,site,product_id,quantity
2020-01,PAR,P1,2
2020-01,LYO,P1,1
2020-01,LYO,P2,1
2020-02,PAR,P1,3
"""
PARIS_LYON_MILES = 243.262


@pytest.fixture
def write(tmp_path):
    def write(**texts):
        options = []
        for name, text in ({"orders": ORDERS, "sites": SITES, "stock": STOCK} | texts).items():
            path = tmp_path / f"{name}.csv"
            if text is not None:
                path.write_bytes(text.encode() if isinstance(text, str) else text)
            options += [f"--{name}", str(path)]
        return options

    return write


@pytest.fixture
def run(write, monkeypatch, capsys):
    def run(*options, **texts):
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *write(**texts), *options])
        try:
            code = sourcing.main()
        except SystemExit as stopped:
            code = stopped.code
        printed = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=printed.out, stderr=printed.err)

    return run


def figures(result):
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_script_runs_alone(write, tmp_path):
    command = [sys.executable, str(SCRIPT), *write(), "--json"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert figures(result)["orders"] == 3


def test_figures(run):
    found = figures(run("--json"))
    times = [found.pop(f"{name}_ms") for name in ("p50", "p95", "p99")]
    assert times == sorted(times)
    per_unit = 0.423 + 0.000541 * PARIS_LYON_MILES
    assert found.pop("cost") == pytest.approx(3 * 8.759 + 4 * 0.423 + 3 * per_unit, abs=0.01)
    km = PARIS_LYON_MILES * 1.609344
    assert found.pop("km") == pytest.approx(km, abs=0.1)
    # Three units of a pound each go that far; 0.1 kg for each tonne and kilometer.
    assert found.pop("kg_co2e") == pytest.approx(3 * 0.45359237e-3 * 0.1 * km, abs=0.05)
    assert found == {
        "strategy": "exact",
        "orders": 3,
        "units": 7,
        "parcels": 3,
        "split_orders": 0,
        "unfilled_units": 0,
        "unproven": 0,
    }


def test_what_is_missing_costs_the_penalty(run):
    # One unit cannot be filled; then missing the others too is cheaper than a parcel.
    found = figures(run("--json", stock=STOCK.replace("P1,3", "P1,2")))
    per_unit = 0.423 + 0.000541 * PARIS_LYON_MILES
    penalty = 2 * 8.759 + 3 * 2 * per_unit
    assert found["unfilled_units"] == 3
    assert found["cost"] == pytest.approx(2 * 8.759 + 4 * 0.423 + penalty, abs=0.01)


def test_compressed_files_are_read_too(run):
    plain = figures(run("--json"))
    packed = figures(run("--json", orders=gzip.compress(ORDERS.encode())))
    assert packed["cost"] == plain["cost"]


def test_one_month_and_a_limit(run):
    assert figures(run("--json", "--month", "2020-02"))["units"] == 3
    # Orders of one day come by their id.
    assert figures(run("--json", "--limit", "1"))["units"] == 2


@pytest.mark.parametrize("strategy", ["exact", *PRESETS])
def test_strategies(run, strategy):
    assert figures(run("--json", "--strategy", strategy))["strategy"] == strategy


def test_all_strategies_on_the_same_file(run):
    found = figures(run("--json", "--strategy", "all"))
    assert [row["strategy"] for row in found] == list(PRESETS)
    alone = figures(run("--json", "--strategy", "nearest"))
    same = next(row for row in found if row["strategy"] == "nearest")
    assert all(same[name] == alone[name] for name in alone if not name.endswith("_ms"))
    lines = run("--strategy", "all").stdout.splitlines()
    assert len(lines) == 1 + len(PRESETS)
    assert len(set(map(len, lines))) == 1


def test_stores_are_told_from_warehouses(run):
    # A far store and a near warehouse have the product.
    texts = {
        "orders": "order_id,order_date,lat,lng,product_id,quantity\nO,2020-01-05,48.85,2.35,P1,1\n",
        "sites": SITES.replace("PAR,store", "PAR,warehouse"),
    }
    near = figures(run("--json", **texts))
    far = figures(run("--json", "--strategy", "ship_from_store_first", **texts))
    assert near["km"] < 1 < far["km"]


@pytest.fixture(scope="module")
def superstore():
    folder = Path(os.environ.get("OMS_DATA", "")) / "superstore"
    if not os.environ.get("OMS_DATA") or not folder.is_dir():
        pytest.skip("no data folder: OMS_DATA names none")
    return folder


@pytest.mark.parametrize(
    ("stock", "strategy", "cost", "counts"),
    [
        ("stock_2019_2021", "nearest", 100_338, {"parcels": 9_323, "split_orders": 2_399}),
        ("stock_2019_2021", "whole_order_first", 91_218, {"parcels": 8_091}),
        ("stock_2019_2021", "fewest_sites", 74_452, {"parcels": 5_665, "unfilled_units": 113}),
        ("stock_2019_2021", "balanced", 71_724, {"parcels": 5_517, "split_orders": 1_457}),
        ("stock_2019_2021_scarce", "nearest", 128_738, {"unfilled_units": 76}),
        ("stock_2019_2021_scarce", "whole_order_first", 126_304, {"unfilled_units": 76}),
        ("stock_2019_2021_scarce", "fewest_sites", 112_367, {"unfilled_units": 76}),
    ],
)
def test_known_figures(superstore, stock, strategy, cost, counts):
    # Published with the files, from independent code.
    sites = sourcing.read_sites(superstore / "sites.csv")
    held = sourcing.read_stock(superstore / f"{stock}.csv.gz", sites)
    orders = sourcing.read_orders(superstore / "order_lines_2019_2021.csv.gz")
    tally = sourcing.Tally(strategy)
    for result in sourcing.replay(orders, sites, held, strategy):
        tally.add(*result)
    found = tally.figures()
    assert found["orders"] == 3_322
    assert round(found["cost"]) == cost
    assert {name: found[name] for name in counts} == counts


def test_without_json_a_table(run):
    result = run()
    assert result.returncode == 0
    assert "split orders" in result.stdout


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"orders": None}, "No such file"),
        ({"orders": ""}, "the file is empty"),
        ({"sites": "site,lat,lng\n"}, "the file holds no site"),
        ({"orders": ORDERS.replace("quantity", "amount")}, "line 1: the column quantity is miss"),
        ({"orders": ORDERS.replace("P1,2", "P1,two")}, "line 2: the column quantity must be a num"),
        ({"orders": ORDERS.replace("P1,2", "P1,0")}, "line 2: the quantity must be more than zero"),
        ({"orders": ORDERS.replace("P1,2", "P1,1e30")}, "line 2: the column quantity holds 1e30"),
        ({"orders": ORDERS.replace("P1,2", "P1,nan")}, "line 2: the column quantity holds nan"),
        ({"orders": ORDERS.replace("P1,2", ",2")}, "line 2: the column product_id is empty"),
        (
            {"orders": ORDERS.replace("2020-02-01", "01/02/20")},
            "line 5: the column order_date",
        ),
        ({"orders": ORDERS.replace("48.85", "98.85")}, "line 2: the latitude 98.85 is not between"),
        ({"orders": ORDERS.replace("4.84,P2", "5.84,P2")}, "line 4: order O1 has another date"),
        ({"orders": ORDERS.replace("P1,2", "P1,2,9")}, "line 2: there are more cells"),
        ({"orders": ORDERS.encode("utf-16")}, "the text is not UTF-8"),
        ({"orders": gzip.compress(ORDERS.encode())[:40]}, "the compressed file is damaged"),
        ({"sites": SITES.replace("LYO", "PAR")}, "line 3: site PAR appears a second time"),
        ({"stock": STOCK.replace("2020-02,PAR", "2020-02,NIX")}, "line 5: site NIX is not in"),
        ({"stock": STOCK.replace("2020-02", "2020-13")}, "line 5: the column month must be"),
        ({"stock": STOCK.replace("P2,1", "P2,-1")}, "line 4: the quantity must not be negative"),
        ({"stock": STOCK + "2020-02,PAR,P1,2\n"}, "line 6: product P1 at site PAR in 2020-02"),
    ],
)
def test_bad_files_are_one_sentence(run, texts, message):
    result = run("--json", **texts)
    assert result.returncode == 2
    assert not result.stdout
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("options", [("--month", "2020"), ("--limit", "0"), ("--strategy", "luck")])
def test_bad_options(run, options):
    result = run(*options)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
