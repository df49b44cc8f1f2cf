"""One file from the network, each byte of it kept on the disk as it comes, so that a later try goes on where this one ended.

A server can go on in the middle if it says so (``Accept-Ranges``) and names the file by a strong entity tag, which is asked for
again (``If-Range``): a file that has changed meanwhile comes from its beginning.
"""

import json
from http.client import responses
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ProtocolError, ReadTimeoutError

TIMEOUT = 30  # seconds without a single byte
LONGEST_WAIT = 60  # seconds; a server that asks for more gets its answer from the user
PIECE = 1 << 16


class Final(Exception):
    """A fault that another try will not mend."""


class Damaged(Final):
    """What came is not what was published; what is kept of it is of no use."""


class Passing(Exception):
    """A fault that another try may mend, after `wait` seconds if the server named a time."""

    def __init__(self, message, wait=None):
        super().__init__(message)
        self.wait = wait


def session():
    """A `requests.Session` that follows at most five redirects, and only to https."""
    new = requests.Session()
    new.max_redirects = 5
    new.adapters.pop("http://")
    new.headers["Accept-Encoding"] = "identity"  # or the server compresses, and a range would count other bytes
    return new


def pieces(session, url, part, limit, bar, say):
    """All bytes of `url` from the first on: what an earlier try left in `part`, then what comes, which `part` keeps.

    Args:
        session: from `session`.
        url: the address.
        part: the path of the part.
        limit: how many bytes may come at most.
        bar: a tqdm bar, told of each piece.
        say: called with each line that the reader should see.

    Yields:
        bytes.

    Raises:
        Final, Passing: for whatever goes wrong on the way; OSError if the disk does not take it.
    """
    tag = entity_tag(part, url)
    have = part.stat().st_size if tag else 0
    asked = {"Range": f"bytes={have}-", "If-Range": tag} if have else {}
    with _answer(session, url, asked) as answer:
        goes_on = answer.status_code == 206
        if answer.status_code == 416 or goes_on and (
                not have or not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")):
            forget(part)
            raise Passing(f"{urlsplit(url).hostname} sent another part of the file than was asked for")
        changed = answer.headers.get("ETag") != tag
        if have:
            say(f"Going on after {size_words(have)}." if goes_on else "Starting again from the beginning: the file on the server "
                "has changed." if changed else "Starting again from the beginning: the server cannot go on in the middle.")
        with open(part, "r+b" if goes_on else "wb") as file:
            if goes_on:
                while piece := file.read(PIECE):
                    bar.update(len(piece))
                    yield piece
            else:  # a server that has just ignored a range will do so again
                _keep_note(part, url, answer, resumable=not have or changed)
                have = 0
            try:
                for piece in answer.iter_content(PIECE):
                    have += len(piece)
                    if have > limit:
                        raise Damaged(f"{url} sends more than the {size_words(limit)} that it may")
                    file.write(piece)
                    bar.update(len(piece))
                    yield piece
            except requests.RequestException as fault:
                raise Passing(_connection_fault(fault, url)) from fault


def _answer(session, url, headers):
    """The server's answer, if it is one that brings data."""
    try:
        answer = session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.TooManyRedirects as fault:
        raise Final(f"{url} leads from one address to the next, more than {session.max_redirects} times") from fault
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as fault:
        raise Final(f"{url} leads to an address that is not https") from fault
    except requests.exceptions.SSLError as fault:
        raise Final(f"the certificate of {urlsplit(url).hostname} was not accepted") from fault
    except requests.RequestException as fault:
        raise Passing(_connection_fault(fault, url)) from fault
    if answer.status_code in (200, 206, 416):
        return answer
    answer.close()
    status = f"{answer.status_code} ({responses.get(answer.status_code, 'unknown')})"
    wait = answer.headers.get("Retry-After", "")
    wait = int(wait) if wait.isdecimal() else None
    if answer.status_code in (408, 429, 500, 502, 503, 504) or wait is not None:
        if wait and wait > LONGEST_WAIT:
            raise Final(f"{urlsplit(url).hostname} answered {status} and asks to wait {duration(wait)}")
        raise Passing(f"{urlsplit(url).hostname} answered {status}", wait)
    raise Final(f"{url} answered {status}")


def _connection_fault(fault, url):
    if isinstance(fault, requests.Timeout) or any(isinstance(cause, ReadTimeoutError) for cause in fault.args):
        return f"{urlsplit(url).hostname} sent nothing for {duration(TIMEOUT)}"
    if isinstance(fault, requests.exceptions.ProxyError):
        return f"the proxy to {urlsplit(url).hostname} cannot be reached"
    if isinstance(fault, requests.exceptions.ChunkedEncodingError) or any(isinstance(cause, ProtocolError) for cause in fault.args):
        return "the connection broke off"
    return f"{urlsplit(url).hostname} cannot be reached"


def _note(part):
    """Beside a part lies a note of where it comes from, if the server can go on with it."""
    return part.with_name(part.name + ".note")


def _keep_note(part, url, answer, resumable):
    """A part can be continued only under a strong entity tag, by which the server knows that it is still the same file."""
    tag = answer.headers.get("ETag", "")
    if resumable and tag.startswith('"') and answer.headers.get("Accept-Ranges") == "bytes":
        _note(part).write_text(json.dumps({"url": url, "etag": tag}), encoding="utf-8")
    else:
        _note(part).unlink(missing_ok=True)


def entity_tag(part, url=None):
    """The entity tag under which `part` can be continued, None if it cannot."""
    try:
        note = json.loads(_note(part).read_text(encoding="utf-8"))
        return note["etag"] if part.exists() and url in (None, note["url"]) else None
    except (OSError, ValueError, KeyError, TypeError):  # no note, or a torn one
        return None


def forget(part):
    """Drop a part that turned out to be of no use."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def count(number, noun):
    """1 file, 4,000 files."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def size_words(number):
    """16.2 MB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.3g} {unit}"
    return count(number, "byte")


def duration(seconds):
    """30 seconds, 3 minutes; at least one."""
    if seconds < 60:
        return count(max(1, round(seconds)), "second")
    return count(max(1, round(seconds / 60)), "minute")
