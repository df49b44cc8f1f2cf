"""The book's own Sphinx extension: fingerprint of what pages were computed with, our assets, and leaner pages.

1. Kernels learn that they run for the book (`STGCN_BOOK=1`), so figures load their script from the site's own files.
2. The execution cache keys on the text of a notebook alone. Here a fingerprint of the library, the requirements and the
   data that is there joins it: when it changes, the cache is dropped and every page is read again.
3. `gim.css` and the scripts of the figures come from `stgcn_lib.viz.html`; a page loads only the scripts that it needs.
4. Every address is that of the repository that builds the book (`addresses.py`), and a chapter says when it last ran in Colab
   (`colab.py`). Sources are changed as they are read, so what runs, what is shown and what is searched are one text.
"""

import hashlib
import html
import json
import os
import re
import shutil
from pathlib import Path

import addresses
import colab
import editions
from docutils.nodes import reference
from sphinx.util import logging

os.environ["STGCN_BOOK"] = "1"
os.environ["STGCN_OFFLINE"] = "1"  # a page shows the recordings that are here, and fetches none
# Idle threads of torch would spin, and on a busy computer that makes small tensors several times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parents[2]
STATIC = Path(__file__).resolve().parents[1] / "_static"
# script (a part of its file name or of its text): what a page must hold to need it; None: no page of ours needs it
NEEDS = {
    "mathjax": "math notranslate",
    "thebe": None,
    "THEBE_JS_URL": None,
    "togglebutton": 'class="toggle',
    "design-tabs": "sd-tab-set",
    "clipboard": 'class="highlight',
    "copybutton": 'class="highlight',
}
# small faults of the markup that Sphinx and its extensions write: pattern, replacement
MENDS = [
    # a Markdown table cannot leave out its heading row, and an empty one is read aloud
    (r'<thead>\s*<tr class="row-odd">(<th class="head[^"]*"><p></p></th>\s*)+</tr>\s*</thead>', ""),
    (r'<th class="head[^"]*"><p></p></th>', "<td></td>"),
    ("doc-biblioentry", "listitem"),  # a role that browsers have dropped
    ("✅", "passed"),  # the table of run times; not every system has that picture
]


def fingerprint(root=ROOT, data=None):
    """Digest of everything outside a notebook that its outputs depend on, as hexadecimal text.

    Args:
        root: folder that holds `stgcn_lib` and `requirements.txt`.
        data: data folder, or None for the one where `stgcn_lib.data` looks.

    Returns:
        SHA-256 over the files of the library, the requirements, and name and number of files of each data set found.
    """
    digest = hashlib.sha256()
    library = (Path(root) / "stgcn_lib").rglob("*")
    files = [path for path in library if path.is_file() and "__pycache__" not in path.parts]
    for path in sorted([*files, Path(root) / "requirements.txt"]):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    if data is None:
        from stgcn_lib.data.cache import data_root

        data = data_root()
    if Path(data).is_dir():
        for folder in sorted(path for path in Path(data).iterdir() if path.is_dir()):
            count = sum(len(names) for _, _, names in os.walk(folder))
            digest.update(f"{folder.name} {count}\0".encode())
    return digest.hexdigest()


def drop_stale_cache(cache, current):
    """Remove the execution cache `cache` unless it was filled under the fingerprint `current`; True if removed."""
    mark = Path(cache).with_name(Path(cache).name + ".fingerprint")
    stale = Path(cache).exists() and (not mark.exists() or mark.read_text(encoding="utf-8") != current)
    if stale:
        shutil.rmtree(cache)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(current, encoding="utf-8")
    return stale


def _check_cache(app, config):
    current = fingerprint()
    # rebuild="env" (see setup): a new value also makes Sphinx read every page again
    config.stgcn_fingerprint = current
    cache = config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache"
    if drop_stale_cache(cache, current):
        print("stgcn_lib, requirements.txt or the data changed: every notebook runs again")


def _use_addresses(app, config):
    new = addresses.current()
    # rebuild="env" (see setup): with other addresses, or after another run in Colab, Sphinx reads every page again
    config.stgcn_addresses = (addresses.default(), new)
    config.stgcn_verified = colab.verified()
    config.html_baseurl = new.site + "/"
    config.html_theme_options["repository_url"] = new.repository
    config.html_theme_options["extra_footer"] = addresses.attribution(addresses=new)


def _outdated(app, env, added, changed, removed):
    """The table of minutes is made from the notebooks, whose changes Sphinx does not see in that page."""
    return [page for page in ("book/teach/index",) if page in env.found_docs]


def _read_source(app, docname, source):
    text = addresses.rewrite(source[0], *app.config.stgcn_addresses)
    if docname in app.config.stgcn_verified:
        text = colab.with_sentence(text, app.config.stgcn_verified[docname])
    source[0] = text


def _rewrite_copies(app, error):
    """Sphinx copies what a page was made from as it lies on the disk."""
    if error or app.builder.name != "html":
        return
    for path in (Path(app.outdir) / "_sources").rglob("*.*"):
        before = path.read_text(encoding="utf-8")
        text = addresses.rewrite(before, *app.config.stgcn_addresses)
        if text != before:
            path.write_text(text, encoding="utf-8")


def _write_assets(app):
    """Write gim.css and a gim-NAME.js for each script before the pages, so that Sphinx can add checksums to the addresses."""
    from stgcn_lib.viz import html, theme

    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    (static / "gim.css").write_text(page_palette(theme) + html.stylesheet(), encoding="utf-8")
    for name in html.parts(*html.kinds()):
        shutil.copyfile(html.ASSETS / f"{name}.js", static / f"gim-{name}.js")
        app.add_js_file(f"gim-{name}.js", loading_method="defer")
    try:  # what the page for teachers links to; the instructors' notebooks are not put on the site
        (static / "student.zip").write_bytes(editions.archive(editions.editions("student"), "graphs-in-motion-student"))
    except ValueError as error:  # a chapter that is being written; with -W the build fails at its end
        logging.getLogger(__name__).warning(str(error))


def page_palette(theme):
    """The palette of the figures for the page around them, so that a word can have the colour of the thing it names."""
    light, dark = ("".join(f"--gim-{name}:{pair[i]};" for name, pair in theme.COLORS.items()) for i in (0, 1))
    return f'html{{{light}}}\n@media screen{{html[data-theme="dark"]{{{dark}}}}}\n'  # paper is white


def _lean_page(app, pagename, templatename, context, doctree):
    """Mend small faults of the markup; leave out every script that nothing on this page uses, and second copies."""
    from stgcn_lib.viz.html import parts

    body, seen, kept = context.get("body", ""), set(), []
    if body:
        for old, new in MENDS:
            body = re.sub(old, new, body)
        context["body"] = body
    figures = set(re.findall(r'data-gim="([\w-]+)"', body))
    drawing = {f"gim-{name}.js" for name in parts(*figures)} if figures else set()
    for file in context["script_files"]:
        attributes = getattr(file, "attributes", {})
        name = str(getattr(file, "filename", file)).rpartition("/")[2]
        what = f"{getattr(file, 'filename', file)} {attributes.get('body', '')}"
        needs = [need for part, need in NEEDS.items() if part in what]
        if what in seen or any(need is None or need not in body for need in needs) or (
                name.startswith("gim-") and name not in drawing):
            continue
        seen.add(what)
        kept.append(file)
    context["script_files"][:] = kept
    buttons = context.get("header_buttons", [])
    if context.get("page_source_suffix") != ".ipynb":  # Colab opens notebooks only: elsewhere its button is a dead link
        buttons[:] = [button for button in buttons if button.get("label") != "launch-buttons"]
    else:  # the theme knows one branch only, the one where pages are edited
        _, new = app.config.stgcn_addresses
        for button in (inner for outer in buttons if outer.get("label") == "launch-buttons" for inner in outer["buttons"]):
            button["url"] = addresses.rewrite(button["url"], new, new)
    sheets = context["css_files"]
    sheets[:] = [file for file in sheets if "thebe" not in str(getattr(file, "filename", file))]


def _name_paper(app, pagename, templatename, context, doctree):
    """The title of the page as a CSS string, for the foot of each sheet of paper (book.css)."""
    title = html.unescape(re.sub(r"<[^>]+>|\\[()]", "", context.get("title") or ""))
    names = dict.fromkeys(name for name in (title, app.config.html_title) if name)  # the home page bears the title of the book
    text = json.dumps(" \u00b7 ".join(names), ensure_ascii=False).replace("<", "\\3c ")
    context["metatags"] = context.get("metatags", "") + f"<style>html{{--book-page:{text}}}</style>"


def _strip_icon_fonts(app, error):
    """Take the theme's icon fonts and icon script out of the site: book.css draws the few icons that are used."""
    static = Path(app.outdir) / "_static"
    if error or app.builder.name != "html":
        return
    shutil.rmtree(static / "vendor" / "fontawesome", ignore_errors=True)
    for pattern in ("scripts/fontawesome.js*", "scripts/*.map", "styles/*.map"):
        for path in static.glob(pattern):
            path.unlink()
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    for talker in (static / "scripts" / "pydata-sphinx-theme.js", Path(app.outdir) / "search.html"):  # on the console
        talker.write_text(talker.read_text(encoding="utf-8").replace("console.log(", "void("), encoding="utf-8")
    sheet.write_text(re.sub(r"@font-face\{[^}]*\}", "", sheet.read_text(encoding="utf-8")), encoding="utf-8")


def _number_chapters(app, env):
    """A chapter bears the number of its file, whichever chapters are there: Sphinx would count those that it finds."""
    for doc, anchors in env.toc_secnumbers.items():
        found = re.search(r"/(\d+)-[^/]+$", doc)
        if not found:
            continue
        first = int(found[1])
        env.toc_secnumbers[doc] = {anchor: numbers and (first, *numbers[1:]) for anchor, numbers in anchors.items()}
        for node in (env.titles[doc], env.longtitles[doc], *env.tocs[doc].findall(reference)):
            if node.get("secnumber"):
                node["secnumber"] = (first, *node["secnumber"][1:])
    return []  # pages to write again: none but those that Sphinx knows


def setup(app):
    app.add_config_value("stgcn_fingerprint", "", "env")
    app.add_config_value("stgcn_addresses", (), "env")
    app.add_config_value("stgcn_verified", {}, "env")
    app.add_css_file("gim.css")
    app.add_css_file("book.css", priority=900)
    app.connect("config-inited", _check_cache)
    app.connect("config-inited", _use_addresses)
    app.connect("env-get-outdated", _outdated)
    app.connect("source-read", _read_source)
    app.connect("env-get-updated", _number_chapters, priority=900)  # after Sphinx has counted
    app.connect("builder-inited", _write_assets)
    app.connect("html-page-context", _lean_page, priority=900)
    app.connect("html-page-context", _name_paper)
    app.connect("build-finished", _strip_icon_fonts)
    app.connect("build-finished", _rewrite_copies)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
