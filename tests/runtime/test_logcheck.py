"""What counts as a complaint in a server log."""

import re

from runtime import logcheck

STAMP = "2026-11-22 09:54:06,604 3877"
LOG = f"""\
/usr/lib/python3/something.py:1: DeprecationWarning: not a log record
{STAMP} INFO oms_test odoo.modules.loading: Loading module oms (76/76)
{STAMP} WARNING oms_test odoo.addons.oms.models.channel.oms_channel: two sites share a name
{STAMP} WARNING ? odoo.tools.config: option addons_path, invalid addons directory '/x', skipped
{STAMP} ERROR oms_test odoo.sql_db: bad query: SELECT 1
Traceback (most recent call last):
  File "x.py", line 1, in <module>
ValueError: WARNING is a word here
{STAMP} INFO oms_test odoo.modules.registry: Registry loaded in 1.0s
{STAMP} CRITICAL ? odoo.service.server: Failed to initialize database
""".splitlines(keepends=True)


def test_records_keep_their_tracebacks():
    found = list(logcheck.records(LOG))
    assert len(found) == 6
    assert found[3][0] == "ERROR"
    assert found[3][2].endswith("ValueError: WARNING is a word here")


def test_warnings_and_errors_of_any_logger_are_complaints_but_for_the_known_ones():
    found = logcheck.complaints(LOG)
    assert [each.level for each in found] == ["WARNING", "ERROR", "CRITICAL"]
    assert found[0].logger == "odoo.addons.oms.models.channel.oms_channel"


def test_a_known_message_of_another_logger_is_a_complaint():
    line = f"{STAMP} WARNING db odoo.addons.oms: option addons_path, invalid addons directory\n"
    assert len(logcheck.complaints([line])) == 1


def test_every_known_warning_has_a_reason_and_none_is_the_addons():
    for each in logcheck.KNOWN:
        assert each.reason
        for room in ("models.channel.oms_channel", "wizards.oms_import_wizard", "controllers.main"):
            assert not re.fullmatch(each.logger, f"odoo.addons.oms.{room}")
