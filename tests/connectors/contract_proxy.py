"""A proxy that stands before a peer and holds what is said against the vendor's own contract."""

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Seconds that the proxy may take to start on a busy machine.
PATIENCE = 120


@contextmanager
def validating(contract, upstream, log):
    """Put the proxy before a peer; give its URL."""
    node, modules = os.environ.get("OMS_NODE"), os.environ.get("OMS_NODE_MODULES")
    if not node or not modules:
        pytest.skip("needs Node.js and the validating proxy, which bin/test provides")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(modules) / "@stoplight" / "prism-cli" / "dist" / "index.js"
    command = [node, program, "proxy", contract, upstream, "--errors", "-h", "127.0.0.1"]
    with log.open("wb") as out:
        proxy = subprocess.Popen(
            [*command, "-p", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            until = time.monotonic() + PATIENCE
            while "is listening" not in log.read_text(errors="replace"):
                assert proxy.poll() is None, log.read_text(errors="replace")
                assert time.monotonic() < until, "the proxy does not start"
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            proxy.terminate()
            proxy.wait(PATIENCE)
