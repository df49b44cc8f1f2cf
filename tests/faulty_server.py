"""A small local HTTP server that can do everything wrong, and a data set that is downloaded from it over a real socket."""

import gzip
import hashlib
import io
import lzma
import tarfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import unquote

import numpy as np
from requests.adapters import HTTPAdapter

from stgcn_lib.data import download, manifest, sources, transfer

NAME = "ui_prmd"
REPOSITORY = "niemasd/UI-PRMD-Analysis/2c5bf130697b4dd7c6aafc1e75f5cb4b60f651c3"
_random = np.random.default_rng(3)
# path below the root: content; and what else the repository holds
FILES = {f"ui_prmd/Segmented Movements/m0{i}.txt.gz": _random.bytes(40_000 + i) for i in range(1, 9)}
OTHERS = {"README.md": b"other things", "data/Vicon/m01.txt": _random.bytes(90_000)}


def source(path):
    """Where in the repository a file of the set lies."""
    return "data/" + path.removeprefix("ui_prmd/")


def archive(contents=None, extra=(), level=0):
    """The tar.gz of the repository, as GitHub would pack it.

    Args:
        contents: {path in the repository: bytes}, all of it unless given.
        extra: further `tarfile.TarInfo`, put first, and their bytes or None, as pairs.
        level: of the compression; 0 keeps the bytes of the files as they are, so that a test can hit one of them.
    """
    if contents is None:
        contents = {**{source(path): data for path, data in FILES.items()}, **OTHERS}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for member, data in extra:
            tar.addfile(member, data and io.BytesIO(data))
        for path, data in sorted(contents.items()):
            member = tarfile.TarInfo(f"UI-PRMD-Analysis-2c5bf13/{path}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), level, mtime=0)


class Server:
    """Serves `contents`. Each entry of `faults` is used up by one request, the first first; an empty list is a good server.

    Attributes:
        contents: {address path: bytes}.
        faults: functions that answer a request in their own way, called with the request handler and the content.
        ranges: whether it can go on in the middle of a file.
        tags: whether it names files by entity tags.
        asked: (path, Range header) of each request so far.
        release: set it to end a stall.
    """

    def __init__(self):
        self.contents = {f"/{REPOSITORY.rpartition('/')[0]}/tar.gz/{REPOSITORY.rpartition('/')[2]}": archive()}
        self.archive = next(iter(self.contents))
        self.contents |= {f"/{REPOSITORY}/{source(path)}": data for path, data in FILES.items()}
        self.faults, self.asked, self.ranges, self.tags, self.release = [], [], True, True, threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = unquote(self.path)
                server.asked.append((path, self.headers.get("Range")))
                content = server.contents.get(path)
                fault = server.faults.pop(0) if server.faults else good if content is not None else status(404)
                try:
                    fault(self, content)
                except (BrokenPipeError, ConnectionResetError):  # the other side has hung up
                    self.close_connection = True

            def begin(self, code, length, **headers):
                self.send_response(code)
                for key, value in headers.items():
                    self.send_header(key.replace("_", "-"), value)
                if length is not None:
                    self.send_header("Content-Length", str(length))
                self.end_headers()

            def tagged(self, content):
                """The headers that let a download be continued, as far as this server has them."""
                tag = f'"{hashlib.sha256(content).hexdigest()}"'
                return ({"ETag": tag} if server.tags else {}) | ({"Accept_Ranges": "bytes"} if server.ranges else {})

            def log_message(self, *_):
                pass

        Handler.release = self.release
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_: None  # a client that hangs up is no news here
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.release.set()
        self.http.shutdown()
        self.http.server_close()


def good(handler, content):
    """As it should be: the whole, or the rest of it if that is asked for and the entity tag is still the same."""
    headers, asked = handler.tagged(content), handler.headers.get("Range")
    if asked and "ETag" in headers and "Accept_Ranges" in headers and handler.headers.get("If-Range") == headers["ETag"]:
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return handler.begin(416, 0)
        handler.begin(206, len(content) - start, Content_Range=f"bytes {start}-{len(content) - 1}/{len(content)}", **headers)
        return handler.wfile.write(content[start:])
    handler.begin(200, len(content), **headers)
    handler.wfile.write(content)


def status(code, **headers):
    return lambda handler, content: handler.begin(code, 0, **headers)


def redirect(address):
    return status(302, Location=address)


def drop(after):
    """Promise all, send the first bytes, hang up."""
    def fault(handler, content):
        handler.begin(200, len(content), **handler.tagged(content))
        handler.wfile.write(content[:after])
        handler.close_connection = True
    return fault


def truncate(after):
    """Promise nothing, send the first bytes, end as if that were all."""
    def fault(handler, content):
        handler.begin(200, None, Connection="close", **handler.tagged(content))
        handler.wfile.write(content[:after])
        handler.close_connection = True
    return fault


def stall(after):
    """Send the first bytes, then nothing."""
    def fault(handler, content):
        handler.begin(200, len(content), **handler.tagged(content))
        handler.wfile.write(content[:after])
        handler.release.wait(10)
        handler.close_connection = True
    return fault


def send(other):
    """Another content than the right one."""
    def fault(handler, content):
        handler.begin(200, len(other), **handler.tagged(other))
        handler.wfile.write(other)
    return fault


def endless(handler, content):
    """Never stops sending."""
    handler.begin(200, None, Connection="close")
    while True:
        handler.wfile.write(content)


def whole_although_a_part_was_asked_for(handler, content):
    handler.begin(200, len(content), **handler.tagged(content))
    handler.wfile.write(content)


def another_part_than_asked_for(handler, content):
    handler.begin(206, 10, Content_Range=f"bytes 0-9/{len(content)}", **handler.tagged(content))
    handler.wfile.write(content[:10])


def write_manifest(folder, files=FILES, blob=None):
    """The list of files of the set, as the library carries one; of the file `blob`, git's digest and a limit on its size."""
    def known(path, data):
        if path == blob:
            return "git:" + hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() + "\t100000"
        return f"{hashlib.sha256(data).hexdigest()}\t{len(data)}"
    lines = [f"{known(path, data)}\t{path}\t{REPOSITORY}/{source(path)}\n" for path, data in sorted(files.items())]
    (Path(folder) / f"{NAME}.tsv.xz").write_bytes(lzma.compress("".join(lines).encode()))


@contextmanager
def downloads_from(port, manifests, whole_archive=True):
    """Within this, the library downloads the set of the list in `manifests` from the local server, and waits for less long."""
    def session(real=transfer.session):
        new = real()
        new.trust_env = False
        new.mount(f"http://127.0.0.1:{port}/", HTTPAdapter())  # everything else must be https, as in real life
        return new

    size = len(archive())
    entry = sources.SOURCES[NAME]._replace(archive=(size, size) if whole_archive else None)
    manifest.files.cache_clear()
    with mock.patch.multiple(download, ARCHIVE=f"http://127.0.0.1:{port}/{{owner}}/{{repository}}/tar.gz/{{commit}}",
                             FILE=f"http://127.0.0.1:{port}/{{path}}", WAIT=0.001), \
            mock.patch.multiple(transfer, session=session, TIMEOUT=5), mock.patch.object(manifest, "FOLDER", Path(manifests)), \
            mock.patch.dict(sources.SOURCES, {NAME: entry}):
        yield
    manifest.files.cache_clear()
