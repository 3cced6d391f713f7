"""Keeps the private PostgreSQL running for as long as some command uses it.

Every command holds a shared lock on `users.lock`. The kernel drops it when the command ends, even
if it is killed. When the keeper gets the lock alone, nobody is left: it stops the server and ends.
PostgreSQL refuses to run as root; the keeper then runs it as `nobody`.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # The last moments before a crash of the machine may be lost, consistency is not: demo data
    # must survive, and it all came from files.
    "synchronous_commit": "off",
    "autovacuum_naptime": "20s",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "jit": "off",
}
_PR_SET_PDEATHSIG = 1


def unprivileged() -> pwd.struct_passwd:
    """The user as whom the server runs when the command runs as root."""
    return pwd.getpwnam("nobody")


def alive(home: Path) -> bool:
    """Whether the keeper of a folder runs.

    :param home: folder with its lock.
    """
    with contextlib.suppress(FileNotFoundError), open(home / "keeper.lock") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _enterable(path: Path) -> bool:
    return all(each.stat().st_mode & 0o001 for each in path.parents)


def _as_server(command: list[str], binaries: Path) -> tuple[list[str], dict[str, object]]:
    """Options that start a program as the server's user, ended with the keeper."""

    def die_with_keeper() -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    if os.geteuid() != 0:
        return command, {"preexec_fn": die_with_keeper}
    user = unprivileged()
    if _enterable(binaries):
        return command, {
            "user": user.pw_uid,
            "group": user.pw_gid,
            "extra_groups": [],
            "preexec_fn": die_with_keeper,
        }
    # Root's home is closed to others. Rather than opening it, the server gets the one
    # privilege of passing through closed folders; the secure bit has access(2) honor it.
    step_down = [
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
        "--bounding-set=-all,+dac_override",
        "--pdeathsig=INT",
    ]
    return [*step_down, *command], {}


def _initialize(binaries: Path, data: Path) -> None:
    partial = data.with_name(data.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(partial, unprivileged().pw_uid, unprivileged().pw_gid)
    command = [str(binaries / "initdb"), "-D", str(partial), "-U", "oms", "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8"]
    command, options = _as_server(command, binaries)
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **options)
    if done.returncode:
        sys.exit(" ".join((done.stderr or done.stdout).split())[-400:])
    partial.rename(data)


def main() -> None:
    """Start the server, wait until nobody needs it, stop it."""
    binaries, home, socket, log = map(Path, sys.argv[1:5])
    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    with open(home / "keeper.lock", "w") as own, open(home / "users.lock", "w") as users:
        fcntl.flock(own, fcntl.LOCK_EX)
        data = home / f"data-{_major(binaries)}"
        if not (data / "PG_VERSION").exists():
            _initialize(binaries, data)
        _outlast(data)
        server = _start(binaries, data, socket, log)
        while server.poll() is None:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _stop(server)
                break
            time.sleep(0.2)
        if socket.parent != home:
            shutil.rmtree(socket, ignore_errors=True)


def _major(binaries: Path) -> str:
    command = [str(binaries / "postgres"), "--version"]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return words[-1].partition(".")[0]


def _outlast(data: Path) -> None:
    """Wait for a server whose keeper was killed, and forget one that is no more."""
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            pid = int(lock.read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            break
        if os.fsencode(data) not in command:
            break
        time.sleep(0.2)
    lock.unlink(missing_ok=True)


def _start(binaries: Path, data: Path, socket: Path, log: Path) -> subprocess.Popen[bytes]:
    settings = {**SETTINGS, "unix_socket_directories": str(socket)}
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    command, options = _as_server(command, binaries)
    with open(log, "wb") as sink:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            **options,
        )


def _stop(server: subprocess.Popen[bytes]) -> None:
    for signum, patience in ((signal.SIGINT, 40), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
        server.send_signal(signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(patience)
            return


if __name__ == "__main__":
    main()
