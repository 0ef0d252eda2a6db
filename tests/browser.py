"""Pages in a real headless Chromium, driven over its DevTools pipe with the standard library alone.

    with Browser(width=1280, height=900, dark=False) as browser:
        page = browser.open("report.html")
        page.click("#play")
        page.wait_for("document.title === 'done'")
        assert page.errors == [] and page.requests_elsewhere() == []
"""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# What a key event needs besides its name.
_KEY_CODES = {"Enter": 13, "Escape": 27, " ": 32, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36, "ArrowLeft": 37,
              "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
_KEY_TEXT = {"Enter": "\r", " ": " "}


class BrowserError(Exception):
    """What the page threw, or what the browser refused."""


class Browser:
    """One Chromium of its own profile; leaving the block ends it and takes the profile away."""

    def __init__(self, width=1280, height=900, dark=False, seconds=60):
        if CHROMIUM is None:
            raise BrowserError("these tests need Chromium: apt-get install chromium")
        self.seconds, self._width, self._height, self._dark = seconds, width, height, dark
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.downloads = pathlib.Path(self._profile.name, "downloads")
        self.downloads.mkdir()
        self._next_id, self._buffer, self._events = 0, b"", []

    def __enter__(self):
        from_us, self._out = os.pipe()
        self._in, to_us = os.pipe()
        # Chromium reads commands at descriptor 3 and writes at 4; the shell puts them there.
        self._process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" 3<&{from_us} 4>&{to_us}', CHROMIUM, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", "--disable-extensions",
             "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}",
             "about:blank"],
            pass_fds=(from_us, to_us), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._profile.name})
        os.close(from_us)
        os.close(to_us)
        try:
            self.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._profile.cleanup()

    def open(self, target, wait="document.readyState === 'complete'", width=None, height=None, dark=None):
        """Opens a file's path or an address in a tab of its own, and waits until `wait` holds there. Size and colours are
        the browser's unless told."""
        text = str(target)
        if "://" not in text:
            path, hash_sign, rest = text.partition("#")
            text = pathlib.Path(path).resolve().as_uri() + hash_sign + rest
        tab = self.command("Target.createTarget", url="about:blank")["targetId"]
        session = self.command("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        page = Page(self, session, tab)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.command(f"{domain}.enable")
        page.resize(width or self._width, height or self._height)
        page.dark(self._dark if dark is None else dark)
        page.go(text, wait)
        return page

    def command(self, method, session=None, **parameters):
        self._next_id += 1
        message = {"id": self._next_id, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        until = time.monotonic() + self.seconds
        while True:
            answer = self._read(until, method)
            if answer.get("id") == self._next_id:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._events.append(answer)

    def events(self, session):
        """Takes what the browser told of one page since the last look."""
        mine = [event for event in self._events if event.get("sessionId") == session]
        self._events = [event for event in self._events if event.get("sessionId") != session]
        return mine

    def _read(self, until, method):
        while b"\0" not in self._buffer:
            readable, _, _ = select.select([self._in], [], [], max(0, until - time.monotonic()))
            chunk = os.read(self._in, 1 << 20) if readable else None
            if chunk == b"":
                raise BrowserError(f"{method}: the browser ended")
            if chunk is None:
                raise BrowserError(f"{method}: no answer within {self.seconds} seconds")
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


class Page:
    """One tab. `errors` are what the console showed as errors, `requests` the addresses that were asked for."""

    def __init__(self, browser, session, tab):
        self._browser, self._session, self._tab = browser, session, tab
        self._errors, self._requests, self._address = [], [], None

    def command(self, method, **parameters):
        return self._browser.command(method, self._session, **parameters)

    def go(self, address, wait="document.readyState === 'complete'"):
        self._address = address
        self.command("Page.navigate", url=address)
        self.wait_for(f"location.href !== 'about:blank' && ({wait})")

    def close(self):
        self._browser.command("Target.closeTarget", targetId=self._tab)

    @property
    def errors(self):
        self._look()
        return list(self._errors)

    @property
    def requests(self):
        self._look()
        return list(self._requests)

    def requests_elsewhere(self):
        """What was asked for beyond the page itself; what it holds in itself (data:, blob:) is not elsewhere."""
        itself = self._address.partition("#")[0]
        return [url for url in self.requests
                if url.partition("#")[0] != itself and not url.startswith(("data:", "blob:", "about:"))]

    def evaluate(self, script):
        """The value of an expression of JavaScript (a promise's value, when it has come)."""
        done = self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True,
                            userGesture=True)
        if "exceptionDetails" in done:
            details = done["exceptionDetails"]
            raise BrowserError(f"{script}: {details.get('exception', {}).get('description', details['text'])}")
        return done["result"].get("value")

    def wait_for(self, script, seconds=None):
        """Waits until the expression is true, and returns its value."""
        until = time.monotonic() + (seconds or self._browser.seconds)
        while True:
            value = self.evaluate(script)
            if value:
                return value
            if time.monotonic() > until:
                raise BrowserError(f"{script} did not become true; the console has {self.errors}")
            time.sleep(0.02)

    def click(self, selector):
        """Clicks with the mouse in the middle of the first element that the selector finds, after scrolling to it."""
        place = self.evaluate(f"""(() => {{
          const found = document.querySelector({json.dumps(selector)});
          if (!found) return null;
          found.scrollIntoView({{block: 'center', inline: 'center', behavior: 'instant'}});
          const box = found.getBoundingClientRect();
          return {{x: box.x + box.width / 2, y: box.y + box.height / 2}};
        }})()""")
        if place is None:
            raise BrowserError(f"nothing to click at {selector}")
        self.click_at(place["x"], place["y"])

    def click_at(self, x, y):
        self.command("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name):
        """Presses a key (ArrowRight, Enter, Tab, a letter) where the focus is."""
        code = _KEY_CODES.get(name, ord(name[0].upper()))
        text = _KEY_TEXT.get(name, name if len(name) == 1 else "")
        event = {"key": name, "code": name, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code}
        self.command("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **event)
        self.command("Input.dispatchKeyEvent", type="keyUp", **event)

    def set_value(self, selector, value):
        """Gives a field or chooser a value as a user does, with its events."""
        self.evaluate(f"""(() => {{
          const field = document.querySelector({json.dumps(selector)});
          field.value = {json.dumps(str(value))};
          field.dispatchEvent(new Event('input', {{bubbles: true}}));
          field.dispatchEvent(new Event('change', {{bubbles: true}}));
        }})()""")

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def resize(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=False)

    def dark(self, is_dark):
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}])

    def screenshot(self, path, whole=False):
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def download(self, click, seconds=None):
        """The file that `click()` makes the page download, when it has come whole."""
        before = set(self._browser.downloads.iterdir())
        click()
        until = time.monotonic() + (seconds or self._browser.seconds)
        while time.monotonic() < until:
            new = [path for path in self._browser.downloads.iterdir()
                   if path not in before and path.suffix != ".crdownload" and not path.name.startswith(".")]
            if new:
                return new[0]
            time.sleep(0.02)
        raise BrowserError(f"nothing was downloaded; the console has {self.errors}")

    def _clip(self, whole):
        if not whole:
            return {}
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def _look(self):
        for event in self._browser.events(self._session):
            method, told = event["method"], event["params"]
            if method == "Network.requestWillBeSent":
                self._requests.append(told["request"]["url"])
            elif method == "Runtime.exceptionThrown":
                details = told["exceptionDetails"]
                self._errors.append(details.get("exception", {}).get("description", details["text"]))
            elif method == "Runtime.consoleAPICalled" and told["type"] == "error":
                self._errors.append(" ".join(str(one.get("value", one.get("description"))) for one in told["args"]))
            elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
                self._errors.append(told["entry"]["text"])
