"""Logs of commands are kept for a while, and as long as the command runs."""

import os

from runtime import session
from runtime.cache import Cache


def test_old_logs_go_but_not_those_of_a_running_command(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "KEPT_LOGS", 2)
    cache = Cache(tmp_path, lambda _line: None)
    nobody = 2**22 + 1  # no process has it: beyond the largest id that Linux gives
    running = cache.folder("logs", f"20200101-000000-test-{os.getpid()}")
    ended = cache.folder("logs", f"20200102-000000-test-{nobody}")
    kept = cache.folder("logs", f"20200103-000000-test-{nobody}")
    newest = session._log_folder(cache, "test")
    assert running.exists()
    assert not ended.exists()
    assert kept.exists()
    assert newest.exists()
