"""The built book as a reader meets it: a local server that compresses as a static host does, and a Chromium that watches."""

import functools
import gzip
import http.server
import os
import re
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import yaml

ROOT = Path(__file__).parents[2]
HTML = Path(os.environ.get("STGCN_SITE", ROOT / "_build" / "html"))
TEXT = {".html", ".css", ".js", ".json", ".svg", ".txt", ".map"}
# without these, Chromium asks its maker's servers for updates at every start
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


def pages(only_chapters=False):
    """Paths of the pages that `_toc.yml` names, such as ``book/index.html``, in reading order."""
    found = []

    def walk(node):
        if isinstance(node, list):
            for item in node:
                walk(item)
        elif isinstance(node, dict):
            found.extend(node[key] for key in ("root", "file") if key in node)
            for item in node.values():
                walk(item)

    walk(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    names = [name.removesuffix(".md").removesuffix(".ipynb") + ".html" for name in found]
    return [name for name in names if re.search(r"/part\d", name)] if only_chapters else names


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.suffix not in TEXT or not path.is_file():
            return super().do_GET()
        body = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def serve(folder=HTML):
    """Serve `folder` on a free local port under the sub-path of a project site; yields the address of the book."""
    # a project site lives under /NAME/: the server answers there and only there
    handler = functools.partial(_SubPath, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/motion/"
    finally:
        server.shutdown()
        server.server_close()


class _SubPath(_Handler):
    def translate_path(self, path):
        if not path.startswith("/motion/"):
            return str(Path(self.directory) / "outside-the-sub-path")
        return super().translate_path(path.removeprefix("/motion"))


def chromium():
    """Path of a Chromium on this machine, "" for the one that Playwright fetched, None if there is none."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and shutil.which(name):
            return shutil.which(name)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return "" if Path(playwright.chromium.executable_path).exists() else None


@contextmanager
def browser():
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium() or None, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


class Visit:
    """One page opened in one theme at one width, with all that went wrong and all that came over the wire."""

    def __init__(self, running, address, dark=False, width=1280, reduced_motion=False):
        self.complaints, self.outside, self.sizes = [], [], {}
        self.context = running.new_context(color_scheme="dark" if dark else "light", viewport={"width": width, "height": 900},
                                           reduced_motion="reduce" if reduced_motion else "no-preference")
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("requestfinished", self._finished)
        self.page.on("response", lambda answer: answer.status >= 400 and self.complaints.append(f"{answer.status} {answer.url}"))
        self.page.goto(address, wait_until="load")

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "file") and parts.hostname != "127.0.0.1":
            self.outside.append(request.url)

    def _finished(self, request):
        self.sizes[request.url] = request.sizes()["responseBodySize"]

    def scroll_through(self):
        """Scroll to the end in steps, so that all that loads lazily has loaded."""
        height = self.page.evaluate("document.documentElement.scrollHeight")
        for top in range(0, height, 700):
            self.page.evaluate(f"window.scrollTo(0, {top})")
            self.page.wait_for_timeout(40)
        self.page.wait_for_load_state("networkidle")

    def close(self):
        self.context.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# What the theme, the mathematics and plotly bring to a page; all else counts as ours.
NOT_OURS = ("/_static/vendor/", "/_static/scripts/", "/_static/styles/", "/_static/sphinx-book-theme", "/_static/pydata",
            "/_static/doctools", "/_static/searchtools", "/_static/basic", "/_static/documentation_options",
            "/_static/sphinx_highlight", "/_static/copybutton", "/_static/clipboard", "/_static/togglebutton",
            "/_static/sphinx-thebe", "/_static/design-tabs", "/_static/sphinx-design", "/_static/_sphinx", "/_static/mystnb",
            "/_static/pygments", "/_static/language_data")
