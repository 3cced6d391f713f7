"""Nothing is left running."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime import guard
from runtime.errors import Stop
from runtime.processes import Processes, is_running

# Starts a child in a session of its own, which ignores requests to end.
STUBBORN = """
import signal, subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child], start_new_session=True)
print("ready", flush=True)
time.sleep(600)
"""

COMMAND = """
import sys, time
sys.path.insert(0, {bin!r})
from pathlib import Path
from runtime.processes import Processes
processes = Processes({run!r}, Path({folder!r}))
process = processes.start([sys.executable, "-c", {stubborn!r}])
print("ready", flush=True)
time.sleep(600)
"""


def gone(run: str, seconds: float = 25) -> bool:
    deadline = time.monotonic() + seconds
    while guard.descendants(run) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not guard.descendants(run)


def test_closing_ends_descendants_in_other_sessions(tmp_path, monkeypatch):
    monkeypatch.setattr(guard.sweep, "__defaults__", (1.0,))
    run = f"{os.getpid()}-close"
    processes = Processes(run, tmp_path)
    process = processes.start([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    assert len(guard.descendants(run)) == 2
    processes.close()
    assert gone(run)


def test_a_killed_command_leaves_nothing(tmp_path):
    run = f"{os.getpid()}-kill"
    folder = tmp_path / "run"
    folder.mkdir()
    text = COMMAND.format(
        bin=str(Path(guard.__file__).parents[1]), run=run, folder=str(folder), stubborn=STUBBORN
    )
    command = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    assert command.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 10
    while len(guard.descendants(run)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    command.kill()
    command.wait()
    assert gone(run)
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not folder.exists()


def test_a_failed_program_is_a_sentence_with_its_last_line(tmp_path):
    processes = Processes(f"{os.getpid()}-fail", tmp_path)
    try:
        with pytest.raises(Stop, match="Trying failed: it broke"):
            processes.run(
                [sys.executable, "-c", "print('a', flush=True); raise SystemExit('it broke')"],
                tmp_path / "log",
                "Trying",
            )
        assert processes.run([sys.executable, "-c", "exit(3)"], tmp_path / "log") == 3
        assert processes.output([sys.executable, "-c", "print(1)"], "Printing") == "1\n"
    finally:
        processes.close()


def test_a_run_is_known_by_its_process():
    assert is_running(f"{os.getpid()}-abc")
    assert not is_running("999999999-abc")
    assert not is_running("")
