"""Every address of the book, derived from the repository that builds it: a fork publishes links to itself.

`_config.yml` holds the default, and so do the committed notebooks. While the site is built, and in what Colab opens, the
default gives way to the addresses of the repository at work:

* In GitHub Actions that is `GITHUB_REPOSITORY`; anywhere else `STGCN_REPOSITORY=owner/name` tries another one.
* The site is https://OWNER.github.io/NAME, or `STGCN_SITE_URL` where it has a domain of its own.
* `STGCN_REF`, the tag or commit that is being published, is what the first cell of a published notebook installs.

Colab opens a notebook from the repository, not from the site. Published notebooks lie on the branch `notebooks`
(`book/_ext/colab.py` writes it), because the committed ones hold the default.
"""

import os
import re
from html import escape
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = "https://github.com/"


class Addresses(NamedTuple):
    """Where one edition of the book lives."""

    repository: str  # https://github.com/OWNER/NAME
    site: str  # without a slash at the end
    branch: str  # where the sources are edited
    ref: str  # what a first cell installs, and what "Source" shows: a tag, a commit or the branch
    notebooks: str  # the branch that Colab opens

    @property
    def slug(self):
        return self.repository.removeprefix(GITHUB)


def default(root=ROOT):
    """The addresses in `_config.yml`."""
    config = yaml.safe_load((Path(root) / "_config.yml").read_text(encoding="utf-8"))
    repository, branch = config["repository"]["url"].rstrip("/"), config["repository"]["branch"]
    return Addresses(repository, config["html"]["baseurl"].rstrip("/"), branch, branch, branch)


def current(root=ROOT, environ=os.environ):
    """The addresses of the repository that builds the book.

    Raises:
        ValueError: a variable of the environment that cannot be a repository, an address or a version.
    """
    known = default(root)
    name = _checked(environ, "STGCN_REPOSITORY", r"[A-Za-z\d][A-Za-z\d-]*/[\w.-]+", "owner/name")
    if not name and environ.get("GITHUB_ACTIONS") == "true":
        name = environ["GITHUB_REPOSITORY"]
    ref = _checked(environ, "STGCN_REF", r"[A-Za-z\d][\w./-]*", "a tag such as v1.0, a branch or a commit")
    site = _checked(environ, "STGCN_SITE_URL", r"https?://[^\s\"'<>?#]+", "an address such as https://example.org/book")
    if name and name.lower() != known.slug.lower():
        owner, short = name.split("/")
        host = f"{owner.lower()}.github.io"
        home = f"https://{host}" if short.lower() == host else f"https://{host}/{short}"
        known = known._replace(repository=GITHUB + name, site=home, notebooks="notebooks")
    if ref:
        known = known._replace(ref=ref, notebooks="notebooks")
    return known._replace(site=site.rstrip("/")) if site else known


def _checked(environ, variable, pattern, expected):
    value = environ.get(variable, "")
    if value and not re.fullmatch(pattern, value):
        raise ValueError(f"{variable} is {value!r}, expected {expected}")
    return value


def rewrite(text, old, new):
    """`text` with the addresses `new` wherever it has those of `old`; works on the text of a page and of a notebook file."""
    whole = r"(?![\w-]|\.(?!git\b)\w)"  # not where the name goes on: the repository "book" is not "book-2027" or "book.js"
    slug, branch = re.escape(old.slug), re.escape(old.branch)
    for pattern, replacement in (
            (rf"(colab\.research\.google\.com/github/){slug}/blob/{branch}/", rf"\g<1>{new.slug}/blob/{new.notebooks}/"),
            (rf"(git\+{GITHUB}){slug}@{branch}{whole}", rf"\g<1>{new.slug}@{new.ref}"),
            (rf"({GITHUB}){slug}/(blob|raw|tree)/{branch}/", rf"\g<1>{new.slug}/\g<2>/{new.ref}/"),
            (rf"{re.escape(old.site)}{whole}", new.site),
            (rf"(?<![\w.-]){slug}{whole}", new.slug)):
        text = re.sub(pattern, replacement, text)
    return text


def attribution(root=ROOT, addresses=None):
    """HTML line that a fork's pages carry, since CC BY asks to name the origin (`CITATION.cff`); "" in the origin itself."""
    citation = yaml.safe_load((Path(root) / "CITATION.cff").read_text(encoding="utf-8"))
    origin = citation["repository-code"].rstrip("/")
    if (addresses or current(root)).repository.lower() == origin.lower():
        return ""
    title, authors = citation["title"].split(":")[0], ", ".join(author["name"] for author in citation["authors"])
    return f'Adapted from <a href="{escape(origin)}">{escape(title)}</a> ({escape(authors)}, CC BY 4.0).'
