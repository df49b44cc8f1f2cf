"""Write the launch strip and the first code cell of every chapter, so that all of them are equal.

    python book/_ext/first_cell.py            rewrite both cells where they differ
    python book/_ext/first_cell.py --check    say which notebooks differ, exit status 1 if any does

The strip is the second cell (id "launch"), right after the title; the first code cell has the id "setup". Both are
derived from the address in `_config.yml`, also in a fork: what a fork publishes is rewritten while it is built
(`addresses.py`). Minutes come from the notebook's metadata, for example
"chapter": {"read": 25, "run": 45, "teach": 90, "cpu_seconds": 12}.
"""

import sys
from pathlib import Path

import nbformat
from addresses import default

ROOT = Path(__file__).resolve().parents[2]
# pip is also asked for the very torch that is there: so it keeps it, or says why it cannot, but never exchanges it.
SETUP = '''\
import importlib.util
import torch
if importlib.util.find_spec("stgcn_lib") is None:  # as in Colab: install the book's library, leave torch as it is
    %pip install -q "{package}" "torch=={{torch.__version__.split('+')[0]}}"
import stgcn_lib
print(f"stgcn_lib {{stgcn_lib.__version__}}, torch {{torch.__version__}}, GPU: {{torch.cuda.is_available()}}")'''
MINUTES = {"read": 25, "run": 45, "teach": 90}


def settings(root=ROOT):
    """Address and branch of the repository and address of the published book, from `_config.yml`."""
    addresses = default(root)
    return addresses.repository, addresses.branch, addresses.site


def setup_source(root=ROOT):
    """Text of the first code cell."""
    url, branch, _ = settings(root)
    return SETUP.format(package=f"git+{url}@{branch}")


def launch_source(path, chapter, root=ROOT):
    """Text of the launch strip of the notebook at `path` (relative to `root`); `chapter` gives the minutes."""
    url, branch, published = settings(root)
    colab = f"https://colab.research.google.com/github/{url.split('github.com/')[-1]}/blob/{branch}/{path}"
    minutes = {**MINUTES, **chapter}
    times = f"{minutes['read']} minutes to read, {minutes['run']} to run, {minutes['teach']} to teach"
    if "cpu_seconds" in minutes:
        times += f"; the code takes {minutes['cpu_seconds']} seconds on two CPU cores and needs no GPU"
    page = f"{published}/{Path(path).with_suffix('.html').as_posix()}"
    links = {"Read as a page": page, "Run in Colab": colab, "Teach": f"{published}/book/teach/index.html",
             "Source": f"{url}/blob/{branch}/{path}"}
    return " · ".join(f"[{name}]({link})" for name, link in links.items()) + f"\n\n*{times}*"


def apply(notebook, path, root=ROOT):
    """Put both cells into `notebook`, in place; True if anything changed."""
    before = nbformat.writes(notebook)
    cells = notebook.cells
    if not cells or cells[0].cell_type != "markdown" or not cells[0].source.startswith("# "):
        raise ValueError(f"{path}: the first cell must be Markdown with the title ('# ...')")
    chapter = notebook.metadata.get("chapter", {})
    ids = [cell.get("id") for cell in cells]
    launch = cells.pop(ids.index("launch")) if "launch" in ids else nbformat.v4.new_markdown_cell(id="launch")
    launch.source = launch_source(Path(path).as_posix(), chapter, root)
    cells.insert(1, launch)
    if "setup" not in ids:
        cells.insert(2, nbformat.v4.new_code_cell(id="setup"))
    setup = next(cell for cell in cells if cell.get("id") == "setup")
    if setup is not next(cell for cell in cells if cell.cell_type == "code"):
        raise ValueError(f"{path}: the cell with the id 'setup' must be the first code cell")
    setup.source = setup_source(root)
    return nbformat.writes(notebook) != before


def main(arguments):
    """Rewrite or check all chapters; returns the exit status."""
    check, differing = "--check" in arguments, []
    for file in sorted((ROOT / "book").glob("part*/*.ipynb")):
        path = file.relative_to(ROOT)
        notebook = nbformat.read(file, as_version=4)
        if apply(notebook, path):
            differing.append(path)
            if not check:
                nbformat.write(notebook, file)
    for path in differing:
        print(f"{'differs' if check else 'written'}: {path}")
    return int(check and bool(differing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
