"""A browser without a screen, driven over a pipe: https://chromedevtools.github.io/devtools-protocol/"""

import base64
import fcntl
import json
import os
import subprocess


class Browser:
    """Chromium with one page. Messages end with a zero byte; those that it sends by itself are kept in `events`."""

    def __init__(self, profile, seconds=60):
        self.events = []
        self._seconds = seconds
        self._number = 0
        self._rest = b""
        ends = [os.pipe(), os.pipe()]
        self._write, self._read = ends[0][1], ends[1][0]

        def give_pipes():
            # The browser reads descriptor 3 and writes 4; both may be one of the pipes' own now.
            reading, writing = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (ends[0][0], ends[1][1]))
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        self._process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-extensions", "--remote-debugging-pipe",
             f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(3, 4), preexec_fn=give_pipes, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": profile})
        os.close(ends[0][0])
        os.close(ends[1][1])
        target = self._send("Target.createTarget", {"url": "about:blank"}, None)["targetId"]
        self._session = self._send("Target.attachToTarget", {"targetId": target, "flatten": True}, None)["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def _messages(self):
        while b"\0" not in self._rest:
            chunk = os.read(self._read, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser ended")
            self._rest += chunk
        *messages, self._rest = self._rest.split(b"\0")
        return [json.loads(message) for message in messages]

    def _send(self, method, parameters, session):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = None
        while answer is None:
            for message in self._messages():
                if message.get("id") == self._number:
                    answer = message
                else:
                    self.events.append(message)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def send(self, method, **parameters):
        """Sends a command about the page, and returns its result."""
        return self._send(method, parameters, self._session)

    def value(self, expression):
        """The value of an expression of JavaScript in the page."""
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']['text']}")
        return result["result"].get("value")

    def open(self, path):
        """Loads a file, and waits until it is there."""
        self.events.clear()
        for domain in ["Page", "Network", "Log", "Runtime"]:
            self.send(f"{domain}.enable")
        self.send("Page.navigate", url=f"file://{path}")
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events += self._messages()

    def resize(self, width, height):
        """Gives the page the size of a window."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme):
        """Sets the scheme of colours: light or dark."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path):
        """Writes the whole page as PNG."""
        data = self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def print(self):
        """The page on paper, as PDF."""
        return base64.b64decode(self.send("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])
