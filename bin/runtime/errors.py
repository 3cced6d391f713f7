"""Failures that a user can mend, said in one sentence, and the top-level handler."""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

_NETWORK = re.compile(
    r"Temporary failure|NameResolutionError|Failed to establish a new connection|ProxyError"
    r"|Could not resolve|Could not connect|Connection refused|Network is unreachable"
    r"|Connection timed out|ConnectTimeout|ReadTimeout|Failed to fetch|ConnectionReset"
)
_DISK = re.compile(r"No space left on device|Disk quota exceeded|not enough free space")


class Stop(Exception):
    """A failure with its mend.

    :param message: what is wrong, one sentence.
    :param mend: what the user can do about it, one sentence.
    """

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


class Interrupted(BaseException):
    """The process was asked to end by a signal.

    :param signum: number of that signal.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def explain(output: str, what: str, log: Path | None = None) -> Stop:
    """Turn the output of a failed command into one sentence.

    :param output: what the command printed, or its end.
    :param what: what the command was for, as a noun phrase that starts a sentence.
    :param log: file with the whole output, named in the mend.
    """
    if _DISK.search(output):
        return no_space(what)
    if _NETWORK.search(output):
        return Stop(
            f"{what} failed: the network or the package archive cannot be reached.",
            "Check the connection (and the proxy settings), then run the same command again: "
            "it goes on where it stopped.",
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = lines[-1][:300] if lines else "no output"
    return Stop(f"{what} failed: {last}", f"The whole output is in {log}." if log else "")


def no_space(what: str) -> Stop:
    """The disk is full.

    :param what: what was being done, as a noun phrase that starts a sentence.
    """
    return Stop(
        f"{what} failed: the disk is full.",
        "Free some space, or set OMS_CACHE to a folder on a larger disk, and run it again.",
    )


def guarded(program: str, main: Callable[[list[str]], int]) -> None:
    """Run a program, say failures in a sentence and exit with its code.

    :param program: name to speak under, such as `bin/demo`.
    :param main: takes the arguments, returns the exit code. A `Stop` ends in code 2.
    """
    arguments = sys.argv[1:]
    verbose = "--verbose" in arguments
    try:
        code = main([argument for argument in arguments if argument != "--verbose"])
    except Stop as stop:
        code = _complain(program, stop, verbose)
    except (Interrupted, KeyboardInterrupt) as interruption:
        signum = getattr(interruption, "signum", signal.SIGINT)
        print(f"\n{program}: stopped.", file=sys.stderr)
        code = 128 + signum
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        stop = no_space("Writing a file") if error.errno in (28, 122) else Stop(f"{error}.")
        code = _complain(program, stop, verbose)
    except Exception as error:
        stop = Stop(
            f"unexpected {type(error).__name__}: {error}.",
            "Run it again with --verbose to see where, and report it.",
        )
        code = _complain(program, stop, verbose)
    sys.exit(code)


def _complain(program: str, stop: Stop, verbose: bool) -> int:
    if verbose:
        traceback.print_exc()
    print(f"{program}: {stop.message} {stop.mend}".rstrip(), file=sys.stderr)
    return 2
