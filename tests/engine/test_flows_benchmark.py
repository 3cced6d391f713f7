"""The replay of flows: by hand, without a look ahead, and on worlds that chance makes."""

import csv
import datetime
import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import flows
from benchmarks.files import FileError, Order, ProductRow, SiteRow
from benchmarks.flows_addon import Addon
from benchmarks.flows_forecast import Forecaster
from benchmarks.flows_generated import generated
from benchmarks.flows_replay import MinMax, Transfer, replay
from benchmarks.flows_textbook import Textbook
from benchmarks.flows_world import make_world

START = datetime.date(2021, 1, 1)


def order(day, units, lat=40.0, lng=-90.0, product="A"):
    date = START + datetime.timedelta(days=day)
    return Order(f"{day:04}-{product}", date, lat, lng, [(product, float(units))])


SITES = [SiteRow("W", 40.0, -90.0, "warehouse"), SiteRow("S", 41.0, -90.0, "store")]


class Fixed:
    """Levels that never change, and transfers on some days."""

    def __init__(self, minimum, maximum, transfers=None):
        self.fixed = MinMax(np.array(minimum, dtype=float), np.array(maximum, dtype=float))
        self.wishes = transfers or {}
        self.transfer_days = 1 if transfers else None

    def levels(self, world, past, day, state=None):
        return self.fixed

    def orders(self, world, state, day):
        return None

    def transfers(self, world, state, day):
        return self.wishes.get(day, [])


def test_a_few_days_by_hand():
    orders = [order(0, 1), order(60, 3), order(61, 4), order(90, 2, lat=41.0)]
    world = make_world(orders, [ProductRow("A", 10.0, "G")], SITES)
    found = replay(world, Fixed([[5.0, 0.0]], [[5.0, 0.0]]), 59)
    told = found.told()
    # Five are there: three leave on day 60, two of four on day 61; on day 90, at least 90 - 61 - 18
    # days later, five are there again and two go to the customer of the store.
    assert (found.wanted, found.filled, found.at_home) == (9.0, 7.0, 5.0)
    assert told["fill_rate"] == pytest.approx(7 / 9, abs=1e-5)
    miles = float(world.miles[0, 1])
    assert miles == pytest.approx(69.1, abs=0.1)
    assert told["parcel_cost"] == pytest.approx(
        3 * 8.759 + 7 * 0.423 + 2 * 0.000541 * miles, abs=0.06
    )
    assert told["lost_margin"] == pytest.approx(2 * 4.0)
    # Two orders to the supplier within the days, of 3 and 2 units, and one on the last day.
    assert told["order_cost"] == 15.0
    arrived = [60 + world.supplier_days(0, 60), 61 + world.supplier_days(0, 61)]
    assert max(arrived) <= 90
    units = sum(
        5 * (day < 60)
        + 2 * (day == 60)
        + 3 * (day >= 61 and day >= arrived[0])
        + 2 * (day >= 61 and day >= arrived[1])
        - 2 * (day >= 90)
        for day in range(59, 91)
    )
    assert told["average_units"] == pytest.approx(units / 32, abs=0.051)


def test_a_store_is_owed_what_its_warehouse_has_not():
    orders = [order(0, 1), order(60, 2, lat=41.0), order(100, 2, lat=41.0), order(101, 1)]
    world = make_world(orders, [ProductRow("A", 10.0, "G")], SITES)
    assert world.parent.tolist() == [-1, 0]
    found = replay(world, Fixed([[0.0, 2.0]], [[0.0, 2.0]]), 59)
    # What the store sells its warehouse orders; from there it goes on at once, for one parcel.
    assert (found.filled, found.at_home) == (4.0, 4.0)
    assert found.lines == 2 * (5.0 + 1.0)
    miles = float(world.miles[0, 1])
    assert found.shipments == pytest.approx(8.759 + 2 * (0.423 + 0.000541 * miles))
    # The home of the last customer has none; the store has none any more, either.
    assert found.wanted - found.filled == 1.0


def test_transfers_move_what_is_there_and_no_more():
    orders = [order(0, 1), order(60, 4, lat=41.0), order(70, 1)]
    world = make_world(orders, [ProductRow("A", 10.0, "G")], SITES)
    policy = Fixed([[3.0, 0.0]], [[3.0, 0.0]], {57: [Transfer(0, 0, 1, 9.0)]})
    found = replay(world, policy, 57, home_only=True)
    assert (found.transfers, found.transferred_units) == (1, 3.0)
    # They arrive after two days; the warehouse orders what it gave away, which takes longer.
    assert found.filled == 3.0 + (57 + world.supplier_days(0, 57) <= 70)


@pytest.mark.parametrize("home_only", [False, True])
def test_nobody_looks_ahead(home_only):
    orders, products, sites = generated(3, products=40, sites=6, days=340, lines_a_day=3.0)
    cut = START.replace(year=2019) + datetime.timedelta(days=330)
    changed = [
        Order(o.key, o.date, o.lat, o.lng, [(p, units + 7.0) for p, units in o.lines])
        if o.date >= cut
        else o
        for o in orders
    ]
    levels = []
    for each in (orders, changed):
        world = make_world(each, products, sites)
        past = [o for o in world.orders if o.day < 330]
        for policy in (Addon(2.0, Forecaster(), home_only), Textbook()):
            levels.append(policy.levels(world, past, 330).maximum)
    assert levels[0].sum() > 0.0
    assert levels[1].sum() > 0.0
    assert (levels[0] == levels[2]).all()
    assert (levels[1] == levels[3]).all()


@pytest.mark.parametrize(("seed", "lines"), [(1, 1.5), (2, 6.0)])
def test_the_addon_needs_less_stock_in_worlds_that_chance_makes(seed, lines):
    world = make_world(*generated(seed, products=80, sites=10, days=500, lines_a_day=lines))
    bench = flows.Bench(world, 300)
    textbook = bench.run("textbook", Textbook(0.95)).told()
    curve = flows.points({each: bench.addon(each, False) for each in (1.0, 0.2, 0.02)})
    saved, _gone = flows.compared(textbook, curve)
    assert saved >= 0.15


def compared_with_and_without_transfers(seed, home_only, misplaced, collect=0.0, returns=0.0):
    files = generated(seed, products=40, sites=6, days=390, lines_a_day=12.0)
    bench = flows.Bench(make_world(*files, collect, returns), 300, home_only, misplaced)
    return bench.addon(1.0, False).told(), bench.addon(1.0, True).told()


@pytest.mark.parametrize("seed", [1, 2])
def test_balancing_mends_what_lies_wrongly(seed):
    """All of a product lies at one site, and each site serves its own customers."""
    without, balanced = compared_with_and_without_transfers(seed, True, True)
    assert without["transfers"] == 0 < balanced["transfers"]
    assert balanced["fill_rate"] > without["fill_rate"]
    assert balanced["average_units"] < without["average_units"]
    assert balanced["total_cost"] < 0.95 * without["total_cost"]


def test_balancing_brings_goods_to_those_who_collect():
    without, balanced = compared_with_and_without_transfers(1, False, True, 0.3, 0.1)
    assert balanced["transfers"] > 0
    assert balanced["fill_rate"] > without["fill_rate"]
    assert balanced["total_cost"] < without["total_cost"]


@pytest.mark.parametrize(("home_only", "misplaced"), [(True, False), (False, False)])
def test_balancing_loses_nothing_where_there_is_nothing_to_mend(home_only, misplaced):
    """Transfers that were not worth their way once tripled the cost."""
    without, balanced = compared_with_and_without_transfers(3, home_only, misplaced)
    assert balanced["total_cost"] < 1.01 * without["total_cost"]
    assert balanced["fill_rate"] > without["fill_rate"] - 0.002


def test_what_is_collected_only_the_home_serves_and_what_comes_back_lies_there():
    orders = [order(0, 1), order(60, 3, lat=41.0), order(90, 2, lat=41.0)]
    product = [ProductRow("A", 10.0, "G")]
    levels = Fixed([[9.0, 0.0]], [[9.0, 0.0]])
    anywhere = replay(make_world(orders, product, SITES), levels, 59)
    assert (anywhere.filled, anywhere.at_home) == (5.0, 0.0)
    collected = replay(make_world(orders, product, SITES, collect=1.0), levels, 59)
    assert collected.filled == 0.0
    # After three weeks the store has the three that came back, and serves the next two itself.
    returned = replay(make_world(orders, product, SITES, returns=1.0), levels, 59)
    assert (returned.filled, returned.at_home) == (5.0, 2.0)


def test_curves_are_read_between_their_points():
    curve = [
        {"fill_rate": 0.8, "average_units": 100.0},
        {"fill_rate": 0.9, "average_units": 200.0},
        {"fill_rate": 0.89, "average_units": 240.0},
    ]
    saved, gone = flows.compared({"fill_rate": 0.85, "average_units": 200.0}, curve)
    assert saved == pytest.approx(1.0 - 150.0 / 200.0)
    assert gone == pytest.approx(1.0 - 0.1 / 0.15, abs=1e-4)
    assert flows.compared({"fill_rate": 0.95, "average_units": 50.0}, curve) == (None, None)
    assert flows.compared({"fill_rate": 0.5, "average_units": 200.0}, curve)[0] == 0.5


# --- the command -------------------------------------------------------------------------------


def text_of(columns, rows):
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(columns)
    table.writerows(rows)
    return out.getvalue()


ORDER_COLUMNS = ("order_id", "order_date", "lat", "lng", "product_id", "quantity", "sales")


def order_file(days=150):
    orders, products, _sites = generated(5, products=20, sites=5, days=days, lines_a_day=3.0)
    prices = {each.key: each.price for each in products}
    return text_of(
        ORDER_COLUMNS,
        [
            (o.key, o.date, o.lat, o.lng, product, units, units * prices[product])
            for o in orders
            for product, units in o.lines
        ],
    )


def site_file():
    sites = generated(5, products=20, sites=5, days=2)[2]
    return text_of(("site", "kind", "lat", "lng"), [(s.key, s.kind, s.lat, s.lng) for s in sites])


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def run(orders, sites, *options):
        paths = []
        for name, text in (("orders", orders), ("sites", sites)):
            path = tmp_path / f"{name}.csv"
            path.write_text(text)
            paths += [f"--{name}", str(path)]
        monkeypatch.setattr(sys, "argv", ["flows", *paths, *options])
        code = flows.main()
        printed = capsys.readouterr()
        return SimpleNamespace(code=code, out=printed.out, err=printed.err)

    return run


def test_the_command(run):
    found = run(order_file(), site_file(), "--warmup-months", "3", "--json")
    assert found.code == 0
    figures = json.loads(found.out)
    for name in ("textbook", "no_balancing", "addon"):
        policy = figures[name]
        assert {
            "fill_rate",
            "average_units",
            "transfers",
            "transport_cost",
            "total_cost",
        } <= policy.keys()
        assert 0.0 < policy["fill_rate"] <= 1.0
        assert policy["average_units"] > 0.0
        assert policy["transport_cost"] == pytest.approx(
            policy["parcel_cost"] + policy["shipment_cost"], abs=0.2
        )
    assert figures["no_balancing"]["transfers"] == 0
    assert {"stock_saved_at_same_fill_rate", "misses_gone_at_same_stock"} <= figures.keys()
    assert figures["first_day"] == "2019-04-01"


@pytest.mark.parametrize(
    ("orders", "sites", "months", "message"),
    [
        (None, "site,lat,lng\n", "3", "holds no site"),
        ("order_id,order_date\n", None, "3", "the column lat is missing"),
        (text_of(ORDER_COLUMNS, []), None, "3", "holds none"),
        (None, None, "18", "no orders after the warm-up"),
        (None, None, "1", "at least two months"),
        (
            text_of(ORDER_COLUMNS, [("1", "2021-01-01", 40, -90, "A", 1, "much")]),
            None,
            "3",
            "sales must be a number",
        ),
    ],
)
def test_bad_files_are_told_in_a_sentence(run, orders, sites, months, message):
    found = run(orders or order_file(), sites or site_file(), "--warmup-months", months)
    assert found.code == 2
    assert message in found.err
    assert not found.out


def test_absurd_quantities_are_refused():
    with pytest.raises(FileError, match="asks for"):
        make_world([order(0, 2e6)], [ProductRow("A", 1.0, "")], SITES)
