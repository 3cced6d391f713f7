"""Comparing Odoo's own suites without and with the addon."""

from runtime import native

STAMP = "2026-11-22 09:54:06,604 3877"
TESTS = "odoo.addons.sale_stock.tests.test_sale_stock"
LOG = f"""\
{STAMP} INFO db {TESTS}: Starting TestSaleStock.test_00 ...
{STAMP} INFO db {TESTS}: skipped TestSaleStock.test_tour : no browser
{STAMP} ERROR db {TESTS}: FAIL: TestSaleStock.test_01
Traceback (most recent call last):
AssertionError: 1 != 2
{STAMP} ERROR db {TESTS}: ERROR: Subtest TestSaleStock.test_02 (<subtest>)
{STAMP} ERROR db {TESTS}: ERROR: setUpClass (odoo.addons.sale_stock.tests.test_x.TestX)
{STAMP} ERROR db odoo.tests.result: 1 failed, 2 error(s) of 129 tests when loading database 'db'
""".splitlines()


def test_the_end_of_the_log_has_the_counts_and_its_lines_the_names():
    suite = native.parse(LOG)
    assert suite is not None
    assert (suite.tests, suite.failed, suite.errors, suite.skipped) == (129, 1, 2, 1)
    place = TESTS.removeprefix("odoo.addons.")
    assert suite.names == [
        f"{place}: TestSaleStock.test_01",
        f"{place}: TestSaleStock.test_02",
        f"{place}: setUpClass",
    ]


def test_a_log_without_an_end_has_no_counts():
    assert native.parse(LOG[:-1]) is None


def test_only_what_did_not_fail_before_is_newly_failing():
    before = native.Suite(10, failed=1, names=["a: T.x"])
    same = native.Suite(10, failed=1, names=["a: T.x"])
    worse = native.Suite(10, failed=2, names=["a: T.x", "a: T.y"])
    assert native.newly_failing(before, same) == []
    assert native.newly_failing(before, worse) == ["a: T.y"]
    assert native.newly_failing(worse, before) == []


def test_a_failure_without_a_name_is_not_overlooked():
    assert native.newly_failing(native.Suite(10), native.Suite(10, errors=1))


def test_the_table_stands_side_by_side_with_a_sum():
    rows = [
        ("sale_stock", native.Suite(129), native.Suite(129)),
        ("stock", native.Suite(600, skipped=2), native.Suite(600, failed=1, names=["a: T.x"])),
    ]
    lines = native.markdown(rows)
    assert lines[2] == (
        "| `sale_stock` | 129 tests, 0 failed, 0 errors | 129 tests, 0 failed, 0 errors | 0 |"
    )
    assert lines[-1] == (
        "| all | 729 tests, 0 failed, 0 errors, 2 skipped | 729 tests, 1 failed, 0 errors | 1 |"
    )
