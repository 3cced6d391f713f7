"""The closing line and what counts as a failure."""

from runtime.results import Result, closing_line, forbidden_skips, table


def test_the_closing_line_sums_all_tests():
    results = [
        Result("pure", counts={"passed": 100, "skipped": 1}),
        Result("odoo", counts={"passed": 20, "failed": 0}),
    ]
    assert closing_line(results, 12.34).strip("=") == " 120 passed, 1 skipped in 12.34s "


def test_a_failed_step_without_failed_tests_is_an_error():
    results = [Result("ruff", problems=["x"]), Result("odoo", counts={"passed": 2})]
    assert "2 passed, 1 error in" in closing_line(results, 1)


def test_a_failed_test_is_counted_once():
    results = [Result("odoo", problems=["pytest ended with 1"], counts={"failed": 1, "passed": 2})]
    assert "1 failed, 2 passed in" in closing_line(results, 1)
    assert "error" not in closing_line(results, 1)


def test_a_long_run_tells_its_time_as_pytest_does():
    line = closing_line([Result("odoo", counts={"passed": 1})], 3725.5)
    assert line.strip("=") == " 1 passed in 3725.50s (1:02:05) "


def test_no_tests_are_said():
    assert "no tests ran" in closing_line([], 1)


def test_a_test_may_only_be_skipped_for_want_of_a_data_folder():
    skips = [
        {"test": "a", "reason": "the data folder is not here"},
        {"test": "b", "reason": "websocket-client is not installed"},
    ]
    assert forbidden_skips(skips) == ["skipped: b (websocket-client is not installed)"]


def test_the_table_has_a_verdict_for_each_step():
    lines = table([Result("ruff", 0.5), Result("odoo", 61, ["x"], {"passed": 3, "failed": 1})])
    assert lines[0].split() == ["ok", "ruff", "0.5", "s"]
    assert lines[1].split()[0] == "FAILED"
    assert lines[1].endswith("3 passed, 1 failed")
