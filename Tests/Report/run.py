"""The pages of `portreeve report` in a real browser: run.py PORTREEVE [FOLDER]

Runs in a network and a mount namespace of its own. With a folder, pictures and PDFs are left there to be looked at.
"""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser  # noqa: E402

PORTREEVE = os.path.abspath(sys.argv[1])
SERVICES = 60
HOSTS = 20
WIDTHS = [1360, 420]
# WCAG 2.1 1.4.3 asks for so much between text and background.
CONTRAST = 4.5
LONGEST_PAGE = 400 << 10

passed = failed = 0


def check(condition, what, detail=""):
    """Counts an assertion."""
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what} {detail}", flush=True)


def policy():
    """A policy with many services, of which every tenth is reviewed, expires or has long words."""
    lines = ["version: 1", "defaults: {review-every: 180d}", "sources:", "  office: [203.0.113.0/24, \"2001:db8:aa::/48\"]",
             "services:"]
    for number in range(SERVICES):
        extra = {0: ", reviewed: 2026-11-01", 1: ", expires: 2099-12-31", 2: ", limit: 10/minute"}.get(number % 10, "")
        why = "Reason with <markup> & \\\"quotes\\\"" if number % 10 == 3 else "x" * 90 if number % 10 == 4 else "Shop"
        lines.append(
            f"  service-{number}: {{ports: {8000 + number}/tcp, from: {'any' if number % 3 else 'office'}, "
            f"why: \"{why}\", owner: team{number % 4}@example.org{extra}}}")
    return "\n".join(lines) + "\n"


def run(*words, status=(0,)):
    """Runs portreeve; returns what it printed."""
    result = subprocess.run([PORTREEVE, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    check(result.returncode in status, f"portreeve {' '.join(words)} exits {status}", result.returncode and result.stderr)
    return result.stdout


def pages(folder):
    """Writes the page of a host and that of many; returns their paths with the rows that each must have."""
    path = folder / "policy.yaml"
    path.write_text(policy())
    state = ["--state-dir", str(folder / "state")]
    run("apply", str(path), "--yes", *state)
    for _ in range(2):
        run("verify", str(path), *state, status=(0, 2))
    (folder / "host.html").write_text(run("report", str(path), *state))
    one = json.loads(run("report", str(path), *state, "--format", "json"))
    reports = []
    for number in range(HOSTS):
        host = folder / f"web{number}.json"
        other = {**one, "host": f"web{number}.example.org"}
        if number == 7:
            other["ports"] = [port for port in one["ports"] if port["port"] != 8001]
        host.write_text(json.dumps(other))
        reports.append(str(host))
    (folder / "fleet.html").write_text(run("report", *reports))
    rows = [f"tcp/{8000 + number}" for number in range(SERVICES)]
    return [("host", rows), ("fleet", [f"web{number}.example.org" for number in range(HOSTS)])]


LUMINANCE = """
function luminance(color) {
    const parts = color.match(/[0-9.]+/g).slice(0, 3).map(part => {
        const value = part / 255;
        return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}
function background(element) {
    for (; element; element = element.parentElement) {
        const color = getComputedStyle(element).backgroundColor;
        if (!/, 0\\)$/.test(color) && color !== 'transparent') return color;
    }
    return 'rgb(255, 255, 255)';
}
"""
# The text with the least contrast.
FAINTEST = LUMINANCE + """
[...document.querySelectorAll('body *')].filter(element =>
    !element.closest('svg') && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
).map(element => {
    const both = [luminance(getComputedStyle(element).color), luminance(background(element))].sort((a, b) => b - a);
    return [(both[0] + 0.05) / (both[1] + 0.05), element.tagName + ' ' + element.textContent.trim().slice(0, 40)];
}).sort((a, b) => a[0] - b[0])[0]
"""
# Elements that reach over the right edge, and are not in a box that scrolls.
WIDE = """
[...document.querySelectorAll('body *')].filter(element => {
    for (let box = element.parentElement; box; box = box.parentElement)
        if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX)) return false;
    return element.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).map(element => element.tagName + ' ' + element.textContent.trim().slice(0, 40)).slice(0, 3)
"""


def look(browser, folder, name, rows, shots):
    """Opens a page at each width and in both schemes, and prints it."""
    path = folder / f"{name}.html"
    check(path.stat().st_size < LONGEST_PAGE, f"{name}: a page of moderate size", path.stat().st_size)
    browser.resize(WIDTHS[0], 900)
    browser.open(path)
    requests = [event["params"]["request"]["url"] for event in browser.events if event.get("method") == "Network.requestWillBeSent"]
    check(requests == [f"file://{path}"], f"{name}: nothing else is loaded", requests)
    noise = [event for event in browser.events if event.get("method") in
             ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")]
    check(not noise, f"{name}: the browser has no complaint", noise)
    check(browser.value("document.compatMode") == "CSS1Compat", f"{name}: standards mode")
    check(browser.value("document.scripts.length") == 0, f"{name}: no script")
    text = browser.value("document.body.innerText")
    missing = [row for row in rows if row not in text]
    check(not missing, f"{name}: every row can be seen", missing[:3])
    check("<markup> & \"quotes\"" in text or name == "fleet", f"{name}: markup is text")
    if name == "fleet":
        first = browser.value("document.querySelector('tbody tr').innerText")
        check(first.startswith("web7.example.org"), "fleet: the host that deviates comes first", first)
    for width in WIDTHS:
        browser.resize(width, 900)
        check(not browser.value(WIDE), f"{name}: nothing is cut off at {width} columns", browser.value(WIDE))
        for scheme in ["light", "dark"]:
            browser.prefer(scheme)
            contrast, where = browser.value(FAINTEST)
            check(contrast >= CONTRAST, f"{name}: {scheme} text at {width} can be read", f"{contrast:.2f} {where}")
            if shots:
                browser.picture(shots / f"{name}-{width}-{scheme}.png")
    browser.prefer("dark")
    paper = browser.print()
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper))
    check(1 <= sheets <= 20, f"{name}: on paper", f"{sheets} sheets")
    if shots:
        (shots / f"{name}.pdf").write_bytes(paper)


def main():
    shots = pathlib.Path(sys.argv[2]).absolute() if len(sys.argv) > 2 else None
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listeners = []
    for number in range(0, SERVICES + 6, 2):
        listener = socket.create_server(("", 8000 + number))
        listeners.append(listener)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        found = pages(folder)
        with Browser(str(folder / "profile")) as browser:
            for page, rows in found:
                look(browser, folder, page, rows, shots)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
