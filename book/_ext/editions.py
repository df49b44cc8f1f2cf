"""Write the chapters as a class uses them: student notebooks without solutions, instructor notebooks with them.

    python book/_ext/editions.py            write _build/student, _build/instructor and a zip of each (make student)

Both come from the committed chapters and from nothing else, and two runs write the same bytes. They rely on this, and refuse a
chapter that breaks it with a sentence that names file and cell:

* A code exercise is a code cell that calls `check.NAME(answer)`; a question is a cell that calls `check.quiz("name")`,
  `check.box("name")` or `check.predict("name")`, with `check` imported as in `from stgcn_lib.exercises import ch01 as check`.
* A solution is a `<details>` block whose `<summary>` holds the word "solution" or "answer", not inside another fold. The
  student gets room for notes in its place, the instructor gets it open.
* The solution of a code exercise comes before the next code exercise and holds a block of Python that defines `answer` with
  the arguments of the stub. The instructor gets each of its blocks as a cell that runs, with the call of the checker.
"""

import ast
import importlib
import io
import os
import posixpath
import re
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from addresses import ROOT, current, default, rewrite
from first_cell import settings
from nbformat.v4 import new_code_cell, new_markdown_cell

EDITIONS = ("student", "instructor")
QUESTIONS = {"quiz": "QUIZZES", "box": "BOXES", "predict": "PREDICTIONS", "predict_reply": "PREDICTIONS"}
NOTES = "**Your notes:**"
FIRST = {
    "student": "> **Student edition**, without solutions, of [Graphs in Motion]({site}/). Run all cells once: figures and questions"
               " appear. Then write your answers where a cell says `...` or `raise NotImplementedError`, and mend the one that"
               " is broken. In Colab, *File, Upload notebook* opens this file. Text CC BY 4.0, code BSD-3-Clause.",
    "instructor": "> **Instructor edition**, with solutions, of [Graphs in Motion]({site}/). {teach} minutes to teach. Under each"
                  " question stands what the page replies to every answer; under each code exercise its solution, in a cell"
                  " that runs and is checked. Text CC BY 4.0, code BSD-3-Clause.",
}


def edition(path, which, root=ROOT):
    """The chapter at `path` (relative to `root`) as a notebook for "student" or "instructor".

    Raises:
        ValueError: the chapter lacks something that the editions need; the message names the file and the cell.
    """
    notebook = nbformat.read(Path(root) / path, as_version=4)
    chapter, addresses = notebook.metadata.get("chapter", {}), settings(root)
    if "teach" not in chapter:
        raise ValueError(f'{path}: the metadata does not say how long it takes to teach: "chapter": {{"teach": 90}}')
    taken = {cell.id for cell in notebook.cells}
    first = FIRST[which].format(site=addresses[2], teach=chapter["teach"])
    cells, exercise, check = [new_markdown_cell(first, id="edition")], None, None

    def add(make, source, name, **metadata):
        """Append a cell with the id `name`, or the first of `name-2`, `name-3`, ... that is free."""
        free = next(text for text in (name, *(f"{name}-{n}" for n in range(2, 99))) if text not in taken)
        taken.add(free)
        cells.append(make(source, id=free, metadata=metadata))

    for cell in notebook.cells:
        where = f"{path}, cell {cell.id!r}"
        taken.discard(cell.id)
        if cell.cell_type == "code":
            metadata = {"tags": cell.metadata.tags} if "tags" in cell.metadata else {}
            if "remove-input" in cell.metadata.get("tags", []):
                metadata["jupyter"] = {"source_hidden": True}  # what the page hides, JupyterLab folds
            add(new_code_cell, cell.source, cell.id, **metadata)
            imported = re.search(r"^from stgcn_lib\.exercises import (\w+) as check\b", cell.source, flags=re.M)
            check = imported.group(1) if imported else check
            for call in _calls(cell.source, where):
                if call.func.attr not in QUESTIONS:
                    _refuse_unsolved(exercise)
                    exercise = _exercise(call, cell.source, where)
                elif which == "instructor" and call.func.attr != "predict_reply":
                    add(new_markdown_cell, _replies(call, check, where), f"{cell.id}-replies")
            continue
        for number, (kind, text) in enumerate(_pieces(cell.source, where)):
            text = absolute(text, Path(path).as_posix(), where, root, addresses)
            if kind == "text":
                if cell.id == "launch" and which == "student":  # its links lead to notebooks with solutions
                    text = "\n\n".join(part for part in text.split("\n\n") if "](" not in part)
                add(new_markdown_cell, text, f"{cell.id}-text" if number else cell.id)
                continue
            parts = _blocks(text) if exercise else [("text", text)]
            solving = [kind == "code" and _defines(exercise, part, where) for kind, part in parts]
            if exercise:
                exercise["solved"] |= any(solving)
            if which == "student":
                add(new_markdown_cell, NOTES, f"{cell.id}-notes")
                continue
            add(new_markdown_cell, "**Solution**", f"{cell.id}-open")
            for (kind, part), solves in zip(parts, solving, strict=True):
                part += f"\n\n{exercise['call']}" if solves else ""
                add(new_code_cell if kind == "code" else new_markdown_cell, part, f"{cell.id}-solution")
    _refuse_unsolved(exercise)
    kept = {key: notebook.metadata[key] for key in ("chapter", "kernelspec", "language_info") if key in notebook.metadata}
    made = nbformat.v4.new_notebook(cells=cells, metadata=kept)
    nbformat.validate(made)
    return made


# ---- what a chapter holds -------------------------------------------------------------------------------------------

def _calls(source, where):
    """Calls of `check.SOMETHING(...)` in a code cell, in their order."""
    if "check." not in source:
        return []
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    except SyntaxError as error:
        raise ValueError(f"{where}: line {error.lineno} is no Python, so its checks cannot be found") from None
    ours = [call for call in calls if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "check"]
    return sorted(ours, key=lambda call: (call.lineno, call.col_offset))


def _exercise(call, source, where):
    if not call.args or not isinstance(call.args[0], ast.Name):
        raise ValueError(f"{where}: check.{call.func.attr} is called without a name, expected check.{call.func.attr}(ANSWER)")
    answer = call.args[0].id
    return {"answer": answer, "stub": _arguments(source, answer), "call": ast.get_source_segment(source, call), "where": where,
            "solved": False}


def _arguments(code, name):
    """The arguments with which `code` defines the function `name`, as text; None if it does not."""
    found = re.search(rf"^def {name}(\(.*?\)):", code, flags=re.M | re.S)
    return found and found.group(1)


def _defines(exercise, code, where):
    """True if `code` defines what the exercise asks for."""
    answer, stub, ours = exercise["answer"], exercise["stub"], _arguments(code, exercise["answer"])
    if stub and ours and ours != stub:
        raise ValueError(f"{where}: the solution is {answer}{ours}, but the stub is {answer}{stub}")
    return bool(re.search(rf"^(?:def|class) {answer}\b|^{answer} *=", code, flags=re.M))


def _refuse_unsolved(exercise):
    if exercise and not exercise["solved"]:
        raise ValueError(f"{exercise['where']}: {exercise['call']} asks for an answer, but no <details> block with the summary "
                         f"\"Solution\" defines {exercise['answer']} before the next exercise or the end of the chapter")


def _pieces(source, where):
    """A Markdown cell as [("text" or "solution", source)]; of a solution, what stands between summary and end."""
    pieces, depth, begin, text_from = [], 0, None, 0
    for tag in re.finditer(r"<details\b[^>]*>\s*<summary>(.*?)</summary>|<details\b|</details>", source, flags=re.S):
        if tag.group() == "<details":
            raise ValueError(f"{where}: a fold has no summary: expected <details><summary>...</summary>")
        depth += 1 if tag.group(1) is not None else -1
        if depth < 0:
            break
        if begin is None and re.search("solution|answer", tag.group(1) or "", flags=re.I):
            if depth > 1:
                raise ValueError(f"{where}: a solution is folded inside another fold; move it out, so that it can be cut")
            pieces.append(("text", source[text_from:tag.start()]))
            begin = tag.end()
        elif begin is not None and depth == 0:
            pieces.append(("solution", source[begin:tag.start()]))
            begin, text_from = None, tag.end()
    if depth:
        raise ValueError(f"{where}: <details> and </details> do not pair")
    pieces.append(("text", source[text_from:]))
    return [(kind, text.strip()) for kind, text in pieces if text.strip()]


def _blocks(text):
    """A solution as [("text" or "code", source)], where code is what stands in a block of Python."""
    parts = re.split(r"^```python\n(.*?)^```$", text, flags=re.M | re.S)
    return [("code" if i % 2 else "text", part.strip()) for i, part in enumerate(parts) if part.strip()]


def absolute(text, path, where, root, addresses):
    """Markdown with relative links as addresses of the published book, or of the repository for what is no page there.

    A loose notebook has no folder next door. `path` is the notebook's, relative to `root`; `addresses` as from `settings`.
    """
    url, branch, published = addresses

    def address(match):
        link = urlsplit(match.group(2))
        if link.scheme or link.netloc or not link.path:
            return match.group()
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(link.path)))
        if not (Path(root) / target).exists():
            raise ValueError(f"{where}: the link {match.group(2)} leads nowhere")
        stem, suffix = posixpath.splitext(target)
        page = target.startswith("book/") and suffix in (".md", ".ipynb")
        full = f"{published}/{stem}.html" if page else f"{url}/raw/{branch}/{target}"
        return match.group(1) + full + (f"#{link.fragment}" if link.fragment else "")

    prose = re.split(r"(^```.*?^```$|`[^`\n]*`)", text, flags=re.M | re.S)  # f[0](x) in code is no link
    prose[::2] = [re.sub(r"""(\]\(|\b(?:href|src)=["'])([^)\s"']+)""", address, part) for part in prose[::2]]
    return "".join(prose)


# ---- what only the instructor sees ----------------------------------------------------------------------------------

def _replies(call, check, where):
    """What the page replies to every answer of a question, in HTML, as the specifications of the questions are."""
    kind, name = call.func.attr, getattr(call.args[0], "value", None) if call.args else None
    module = importlib.import_module(f"stgcn_lib.exercises.{check}") if check else None
    spec = getattr(module, QUESTIONS[kind], {}).get(name)
    if spec is None:
        raise ValueError(f"{where}: stgcn_lib.exercises.{check} has no {name!r} in {QUESTIONS[kind]}")
    if kind == "quiz":
        told = "Every choice, and what it is told:"
        items = [f"<b>{'right' if right else 'wrong'}</b>: {text}<br>{reason}" for text, right, reason in spec["choices"]]
    elif kind == "box":
        told = f"The answer is <b>{_number(spec['answer'])}</b>. {spec.get('right', '')}<br>The slips that it names, and its hints:"
        slips = spec.get("slips", ())
        items = [f"<b>{_number(value)}</b>: {said}" for value, said in (slips.items() if isinstance(slips, dict) else slips)]
        items += [f"<b>hint {number}</b>: {hint}" for number, hint in enumerate(spec["hints"], 1)]
    else:
        truth = spec.get("truth")
        told, items = ("" if truth is None else f"What happens: <b>{spec['choices'][truth]}</b> ") + spec["reply"], []
    rows = "".join(f"<li>{item}</li>\n" for item in items)
    return f"<div>\n<p><b>For the teacher.</b> {told}</p>\n" + (f"<ul>\n{rows}</ul>\n" if rows else "") + "</div>"


def _number(value):
    """4, 0.3162 or [7, 0]: as short as a reader would type it."""
    return f"[{', '.join(map(_number, value))}]" if isinstance(value, (list, tuple)) else f"{float(value):.4g}"


# ---- files ----------------------------------------------------------------------------------------------------------

def editions(which, root=ROOT):
    """All chapters of one edition, with the addresses of the repository that builds it, as {file name: bytes}."""
    made, old, new = {}, default(root), current(root)
    for path in sorted((Path(root) / "book").glob("part*/*.ipynb")):
        text = nbformat.writes(edition(path.relative_to(root), which, root)) + "\n"
        made[path.name] = rewrite(text, old, new).encode()
    return made


def archive(files, folder):
    """A zip that holds `files` in `folder`, without dates: equal files give equal bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}")
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on every system
            packed.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def write(build=ROOT / "_build", root=ROOT):
    """Write both editions and their zips into the folder `build`; nothing is written if any chapter is refused."""
    made = {which: editions(which, root) for which in EDITIONS}
    for which, files in made.items():
        folder = Path(build) / which
        folder.mkdir(parents=True, exist_ok=True)
        packed = {folder.with_suffix(".zip"): archive(files, f"graphs-in-motion-{which}")}
        for path, content in ({folder / name: content for name, content in files.items()} | packed).items():
            part = path.with_name(f"{path.name}.part")
            part.write_bytes(content)
            os.replace(part, path)  # nobody ever reads half of a file
        for old in set(folder.glob("*.ipynb")) - {folder / name for name in files}:  # a chapter that has another name now
            old.unlink()
    return made


if __name__ == "__main__":
    try:
        made = write()
    except ValueError as error:
        sys.exit(f"No edition was written. {error}")
    for which, files in made.items():
        print(f"{len(files)} {which} notebooks: {ROOT / '_build' / which}   (in one file: {ROOT / '_build' / which}.zip)")
