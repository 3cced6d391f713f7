"""Takes pictures of web pages with headless Chromium, through its DevTools protocol.

Usage: take_shots.py ORDER, a JSON file that `shots.py` writes.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import websocket
from PIL import Image

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
    "--lang=en-US",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
PATIENCE = 60.0

# True when nothing is loading, all fonts and pictures are there, and the page has not changed for
# half a second.
SETTLED = """
(() => {
    const state = (window.__shot ??= {changed: performance.now()});
    if (!state.observer) {
        state.observer = new MutationObserver(() => { state.changed = performance.now(); });
        state.observer.observe(document, {
            subtree: true, childList: true, attributes: true, characterData: true,
        });
    }
    const busy = document.querySelector(".o_loading_indicator, .o_blockUI");
    const pictures = [...document.images].every((each) => each.complete);
    return document.readyState === "complete" && document.fonts.status === "loaded" && pictures
        && !busy && performance.now() - state.changed > 500;
})()
"""


class Browser:
    """One page of a headless browser.

    :param program: path of the browser.
    :param profile: folder for its profile, empty or absent.
    """

    def __init__(self, program: str, profile: Path) -> None:
        profile.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self._port(profile / "DevToolsActivePort")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        pages = json.load(opener.open(f"http://127.0.0.1:{port}/json/list", timeout=20))
        address = next(page for page in pages if page["type"] == "page")["webSocketDebuggerUrl"]
        self.socket = websocket.create_connection(address, timeout=PATIENCE, http_no_proxy="*")
        self.number = 0
        self.call("Page.enable")

    def _port(self, path: Path) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            if path.exists() and "\n" in (text := path.read_text()):
                return int(text.split("\n")[0])
            time.sleep(0.1)
        sys.exit("The browser did not start.")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for its answer."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    def evaluate(self, expression: str) -> Any:
        """Value of a JavaScript expression; nothing if it throws."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        return answer["result"].get("value")

    def wait(self, expression: str, what: str) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + PATIENCE
        while not self.evaluate(expression):
            if time.monotonic() > deadline:
                sys.exit(f"{what} did not come within {PATIENCE:.0f} s.")
            time.sleep(0.15)

    def open(self, url: str) -> None:
        """Load a page."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.wait("location.href !== 'about:blank' && document.readyState === 'complete'", url)

    def log_in(self, url: str, login: str, password: str) -> None:
        """Log in through the form."""
        self.open(f"{url}/web/login")
        self.wait("!!document.querySelector('form.oe_login_form')", "The login form")
        self.evaluate(
            f"document.querySelector('input[name=login]').value = {json.dumps(login)};"
            f"document.querySelector('input[name=password]').value = {json.dumps(password)};"
            "document.querySelector('form.oe_login_form').submit();"
        )
        arrived = (
            "!location.pathname.startsWith('/web/login') && document.readyState === 'complete'"
        )
        refused = "!!document.querySelector('.oe_login_form .alert-danger')"
        self.wait(f"({arrived}) || ({refused})", "The page behind the login form")
        if self.evaluate(refused):
            sys.exit(f"The server refuses the login {login}.")

    def take(self, url: str, shot: dict[str, Any]) -> bytes:
        """Take one picture.

        :returns: a PNG file.
        """
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=shot["width"],
            height=shot["height"],
            deviceScaleFactor=1,
            mobile=shot["width"] < 600,
        )
        self.open(url + shot["path"])
        for selector in [*shot["click"], shot["selector"]]:
            present = f"!!document.querySelector({json.dumps(selector)})"
            self.wait(present, f"“{selector}” on {shot['path']}")
            self.wait(SETTLED, f"A quiet page at {shot['path']}")
            if selector in shot["click"]:
                self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        self.wait(SETTLED, f"A quiet page at {shot['path']}")
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """End the browser."""
        self.call("Browser.close")
        self.process.wait(20)


def shrink(png: bytes, limit: int) -> bytes:
    """The picture with as few colors as its size needs.

    :param png: a PNG file.
    :param limit: size in bytes to stay below, if 16 colors can do it.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    small = png
    for colors in (128, 64, 32, 16):
        target = io.BytesIO()
        picture.quantize(colors, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
        small = target.getvalue()
        if len(small) <= limit:
            break
    return small


def main() -> None:
    """Take all pictures of an order."""
    order = json.loads(Path(sys.argv[1]).read_text())
    browser = Browser(order["browser"], Path(order["profile"]))
    try:
        browser.log_in(order["url"], order["login"], order["password"])
        for shot in order["shots"]:
            print(shot["name"], flush=True)
            png = shrink(browser.take(order["url"], shot), order["limit"])
            Path(order["folder"], f"{shot['name']}.png").write_bytes(png)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
