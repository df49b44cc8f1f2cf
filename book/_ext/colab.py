"""What concerns Colab: the notebooks that it opens, and the date when each of them last ran there.

    python book/_ext/colab.py collect FOLDER       write what the branch `notebooks` holds
    python book/_ext/colab.py run NOTEBOOK         run one chapter as Colab would, remember it in book/verified.json if it passes
         --image IMAGE --out FILE                  what it ran in, and another file to remember it in

`run` wants an environment without the library, such as a fresh container of Colab's image: the first cell has to install it.
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import importlib.util
import json
import math
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import yaml
from addresses import ROOT, attribution, current, default, rewrite

README = """# Notebooks of {title}

This branch is generated. It holds what Colab opens from the pages of [{title}]({site}/), as it was published from
[{ref}]({repository}/tree/{ref}). The next publication replaces it: change the [sources]({repository}) instead.

Text CC BY 4.0, code BSD-3-Clause. {attribution}
"""


def collect(folder, root=ROOT):
    """Write the branch `notebooks` into the new or empty `folder`; returns the paths of the notebooks."""
    import nbformat
    from editions import absolute
    from first_cell import settings

    folder, old, new = Path(folder), default(root), current(root)
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty, and what lies there would be published")
    paths = [path.relative_to(root) for path in sorted((Path(root) / "book").glob("part*/*.ipynb"))]
    for path in paths:
        notebook = nbformat.read(Path(root) / path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":  # in Colab there is no page next door
                cell.source = absolute(cell.source, path.as_posix(), f"{path}, cell {cell.id!r}", root, settings(root))
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(rewrite(nbformat.writes(notebook) + "\n", old, new), encoding="utf-8")
    title = yaml.safe_load((Path(root) / "_config.yml").read_text(encoding="utf-8"))["title"]
    text = README.format(title=title, attribution=attribution(root, new), **new._asdict())
    (folder / "README.md").write_text(text.rstrip() + "\n", encoding="utf-8")
    (folder / "published").write_text(new.ref + "\n", encoding="utf-8")
    return paths


def digest(path, root=ROOT):
    """Digest of the code of a chapter and of the library: a date is true for the code that ran, and for no other."""
    made = hashlib.sha256()
    for cell in json.loads((Path(root) / path).read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and cell["id"] != "setup":
            made.update("".join(cell["source"]).encode() + b"\0")
    for file in sorted((Path(root) / "stgcn_lib").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            made.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return made.hexdigest()[:16]


def run(path, image="", root=ROOT):
    """Run a chapter from an empty folder, its first cell installing the library.

    Args:
        path: notebook, relative to `root`.
        image: name of the container image that this runs in, for the record.

    Returns:
        What `verified.json` keeps: date (UTC), versions, seconds, image and the digest of the code that ran.

    Raises:
        RuntimeError: the library is installed already, so the first cell would not be tried.
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    import nbformat
    from nbclient import NotebookClient

    if importlib.util.find_spec("stgcn_lib") is not None:
        raise RuntimeError("stgcn_lib is installed in this environment, so the first cell would have nothing to do; "
                           "use one without it: a fresh container of Colab's image, or a new virtual environment")
    text = (Path(root) / path).read_text(encoding="utf-8")
    notebook = nbformat.reads(rewrite(text, default(root), current(root)), as_version=4)
    clean = {name: value for name, value in os.environ.items() if name not in ("STGCN_BOOK", "STGCN_DATA")}
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as empty:
        client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": empty}})
        client.execute(env=clean)
    return {"date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}", "python": notebook.metadata.language_info.version,
            "torch": importlib.metadata.version("torch").split("+")[0], "seconds": math.ceil(time.monotonic() - begin),
            "image": image, "code": digest(path, root)}


def remember(file, path, entry):
    """Put `entry` for the chapter at `path` into the JSON `file`; whoever reads it meanwhile finds the old or the new one."""
    file = Path(file)
    entries = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    entries[Path(path).with_suffix("").as_posix()] = entry
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as part:
        json.dump(dict(sorted(entries.items())), part, indent=1)
        part.write("\n")
    os.chmod(part.name, 0o644)
    os.replace(part.name, file)


def verified(root=ROOT):
    """Entries of `book/verified.json` whose chapter still has the code that ran, as {chapter without suffix: entry}."""
    file = Path(root) / "book" / "verified.json"
    entries = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: entry for name, entry in entries.items()
            if (Path(root) / f"{name}.ipynb").exists() and digest(f"{name}.ipynb", root) == entry["code"]}


def with_sentence(text, entry):
    """The text of a notebook file with one more line in its launch strip: when and with what it last ran in Colab."""
    notebook = json.loads(text)
    day = datetime.date.fromisoformat(entry["date"])
    python, torch = (re.match(r"\d+\.\d+", entry[name]).group() for name in ("python", "torch"))
    for cell in notebook["cells"]:
        if cell.get("id") == "launch":
            cell["source"] = "".join(cell["source"]).rstrip() + (
                f"\\\n*Last verified on Colab's image on {day.day} {day:%B %Y}: Python {python}, torch {torch}, "
                f"{entry['seconds']} seconds in all*")
    return json.dumps(notebook, ensure_ascii=False, indent=1)


def main(arguments):
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("collect").add_argument("folder")
    runner = commands.add_parser("run")
    runner.add_argument("notebook")
    runner.add_argument("--image", default="")
    runner.add_argument("--out", default=ROOT / "book" / "verified.json")
    options = parser.parse_args(arguments)
    if options.command == "collect":
        paths = collect(options.folder)
        print(f"{len(paths)} notebooks in {options.folder}, from {current().ref}")
        return 0
    path = Path(options.notebook).resolve().relative_to(ROOT)
    try:
        entry = run(path, options.image)
    except Exception as error:  # whatever it was, the log and the report have to name the chapter
        print(f"FAILED {path}\n" + re.sub("\x1b" + r"\[[0-9;]*m", "", str(error)))  # without colours
        return 1
    remember(options.out, path, entry)
    print(f"passed {path}: Python {entry['python']}, torch {entry['torch']}, {entry['seconds']} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
