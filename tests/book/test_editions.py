"""Student and instructor notebooks: nothing of a solution is left in the one, all of it is in the other, and both run."""

import copy
import importlib
import io
import json
import re
import shutil
import sys
import zipfile

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .conftest import CHAPTERS, ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import editions  # noqa: E402

QUESTIONS = ("quiz", "box", "predict", "predict_reply")


def flat(text):
    return " ".join(text.split())


def strings(value):
    """Every text anywhere inside a notebook: sources, metadata, ids."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def everything(notebook):
    return flat("\n".join(strings(json.loads(nbformat.writes(notebook)))))


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def exercises(cells):
    """Cells that call a checker."""
    return [cell for cell in cells if cell.cell_type == "code"
            and set(re.findall(r"^check\.(\w+)\(", cell.source, flags=re.M)) - set(QUESTIONS)]


def solutions(notebook):
    """Text of every solution, found in another way than the tool finds it: the chapters nest no fold in a solution."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [fold.partition("</summary>")[2] for fold in re.findall(r"<details>(.*?)</details>", text, flags=re.S)
            if "olution" in fold.partition("</summary>")[0]]


def sentences(solution):
    """Sentences of the prose and comments in the code of a solution, but for comments that only give a shape."""
    prose = re.sub(r"```.*?```", "\n\n", solution, flags=re.S)
    blocks = "\n".join(re.findall(r"```python(.*?)```", solution, flags=re.S))
    found = re.split(r"(?<=[.:?!])\s+|\n\n", prose) + re.findall(r"#(?!\s*\([^)]*\)$)\s*(.+)", blocks, flags=re.M)
    return [flat(sentence) for sentence in found if len(flat(sentence)) > 12]


def code_lines(solution):
    """Lines of the code of a solution, without comments; those of a few letters could stand anywhere."""
    blocks = "\n".join(re.findall(r"```python(.*?)```", solution, flags=re.S))
    found = [flat(re.sub(r"#.*", "", line)) for line in blocks.splitlines()]
    return [line for line in found if len(line) > 12]


@pytest.fixture(scope="module")
def made():
    """{edition: {chapter: notebook}}, made once."""
    return {which: {path: editions.edition(path.relative_to(ROOT), which) for path in CHAPTERS} for which in editions.EDITIONS}


# ---- the chapters ---------------------------------------------------------------------------------------------------

def test_students_get_no_solution(made, chapter, notebook):
    student, stubs = everything(made["student"][chapter]), flat("\n".join(cell.source for cell in exercises(notebook.cells)))
    found = solutions(notebook)
    assert len(found) >= 3 and all(map(code_lines, found))
    left = [text for solution in found for text in sentences(solution) if text in student]
    left += [line for solution in found for line in code_lines(solution) if line in student and line not in stubs]
    assert left == []
    assert "<details" not in student or len(re.findall("<details", student)) == everything(notebook).count("<details") - len(found)
    assert student.count("Your notes:") == len(found)


def test_students_get_every_code_cell_as_it_is(made, chapter, notebook):
    assert [(cell.id, cell.source) for cell in code(made["student"][chapter])] == [(c.id, c.source) for c in code(notebook)]
    assert all(cell.outputs == [] and cell.execution_count is None for which in made.values() for cell in code(which[chapter]))


def test_every_other_word_is_in_both_editions(made, chapter, notebook):
    """Prose outside solutions, rubrics included; what differs are links, and in the student's the strip under the title."""
    def unlinked(text):
        return re.sub(r"\]\([^)]*\)", "]", flat(text))

    student, instructor = (unlinked(everything(made[which][chapter])) for which in editions.EDITIONS)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for part in re.sub(r"<details>\s*<summary>[^<]*olution.*?</details>", "\n\n", cell.source, flags=re.S).split("\n\n"):
                assert unlinked(part) in instructor, cell.id
                assert unlinked(part) in student or cell.id == "launch", cell.id


def test_no_link_needs_the_folder_it_came_from(made, chapter):
    for which in editions.EDITIONS:
        for cell in made[which][chapter].cells:
            links = re.findall(r"\]\(([^)\s]+)", cell.source) if cell.cell_type == "markdown" else []
            assert [link for link in links if not link.startswith(("https://", "#"))] == [], cell.id
            assert which == "instructor" or not any(".ipynb" in link for link in links), cell.id


def test_the_first_line_says_which_edition_it_is(made, chapter, notebook):
    for which in editions.EDITIONS:
        assert made[which][chapter].cells[0].source.startswith(f"> **{which.capitalize()} edition**")
    assert f"{notebook.metadata.chapter['teach']} minutes to teach" in made["instructor"][chapter].cells[0].source


def test_instructors_get_every_solution(made, chapter, notebook):
    instructor, cells = everything(made["instructor"][chapter]), [cell.source for cell in code(made["instructor"][chapter])]
    for solution in solutions(notebook):
        assert [text for text in sentences(solution) if text not in instructor] == []
        for block in re.findall(r"```python\n(.*?)```", solution, flags=re.S):
            assert any(cell.startswith(block.strip()) for cell in cells), block
    checked = [cell.source for cell in exercises(made["instructor"][chapter].cells)]
    calls = [re.findall(r"^check\.\w+\(.*", source, flags=re.M) for source in checked]
    assert len(checked) >= 6 and calls[::2] == calls[1::2], "each stub is followed by its solution and the same check"


def test_instructors_get_what_the_page_replies(made, chapter, notebook):
    """As the figures themselves hold it: a reason for each choice, answer, slips and hints of each box, the replies."""
    instructor = everything(made["instructor"][chapter])
    source = "\n".join(cell.source for cell in code(notebook))
    check = importlib.import_module(f"stgcn_lib.exercises.{re.search(r'exercises import (ch[0-9]+) as check', source).group(1)}")
    asked = re.findall(r"check\.(quiz|box|predict)\(\"(\w+)\"\)", source)
    assert len(asked) >= 5
    for kind, name in asked:
        data = getattr(check, kind)(name).data
        if kind == "quiz":
            told = [choice[key] for choice in data["choices"] for key in ("text", "reason")]
        elif kind == "box":
            told = [data["right"], *data["hints"], *(sentence for _, sentence in data["slips"])]
            numbers = [f"{number:.4g}" for row in data["answer"] for number in row]
            assert f"The answer is <b>{numbers[0] if len(numbers) == 1 else '[' + ', '.join(numbers)}" in instructor, name
        else:
            reply = check.predict_reply(name)
            told = [reply.still.partition('class="gim-reply">')[2].removesuffix("</p>")]
            told += [data["choices"][reply.data["truth"]]["text"]] if reply.data["truth"] is not None else []
        assert [text for text in told if flat(text) not in instructor] == [], name


def printed(cell):
    """What a cell shows as plain text."""
    return "\n".join(str(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in cell.outputs)


def test_both_editions_run(made, chapter, notebook, tmp_path, monkeypatch):
    """In an empty folder, without recorded data or a network, as in Colab. The student's code is the chapter's, so this also shows
    that the chapter runs alone. Up to the first exercise the editions hold the same code, so one kernel runs the student's whole,
    then the instructor's from the first exercise on: every stub is met without its solution, every solution after its stub, and
    nothing is computed twice."""
    student, instructor = (made[which][chapter] for which in editions.EDITIONS)
    assert [cell.source for cell in code(student)] == [cell.source for cell in code(notebook)]
    first = exercises(student.cells)[0].id
    before, tail = [], instructor.cells[[cell.id for cell in instructor.cells].index(first):]
    for which in (student, instructor):
        ids = [cell.id for cell in code(which)]
        before.append([(cell.id, cell.source) for cell in code(which)[:ids.index(first)]])
    assert before[0] == before[1]

    for name, value in (("STGCN_DATA", str(tmp_path / "no-data")), ("OMP_WAIT_POLICY", "PASSIVE"),
                        ("http_proxy", "http://127.0.0.1:9"), ("https_proxy", "http://127.0.0.1:9")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("STGCN_BOOK", raising=False)  # a loose notebook: figures carry their own script
    for folder in ("no-data", "empty"):
        (tmp_path / folder).mkdir()
    tail = [nbformat.from_dict({**cell, "id": f"instructor-{cell.id}"}) for cell in tail]
    ran = new_notebook(cells=copy.deepcopy([*student.cells, *tail]), metadata=student.metadata)
    NotebookClient(ran, timeout=300, allow_errors=True, resources={"metadata": {"path": str(tmp_path / "empty")}}).execute()
    assert list((tmp_path / "no-data").iterdir()) == []

    raised = [(cell.id, output.ename, output.evalue) for cell in code(ran) for output in cell.outputs
              if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", [])]
    assert raised == []
    stubs = exercises(student.cells)
    for cell in exercises(ran.cells[:len(student.cells)]):
        assert re.search("still the stub|not yet, ", printed(cell)), f"{cell.id}: {printed(cell)}"
    solved = [cell for cell in exercises(ran.cells[len(student.cells):]) if cell.source not in {stub.source for stub in stubs}]
    assert len(solved) >= len(stubs) >= 3
    for cell in solved:
        assert ": right, all " in printed(cell), f"{cell.id}: {printed(cell)}"


def test_the_site_offers_the_student_edition_alone(site):
    with zipfile.ZipFile(site / "_static" / "student.zip") as packed:
        assert {name.partition("/")[2] for name in packed.namelist()} == {path.name for path in CHAPTERS}
        assert all(b"**Student edition**" in packed.read(name) for name in packed.namelist())
    assert list(site.rglob("*instructor*")) == []


def test_the_page_for_teachers_lists_the_minutes_of_every_chapter(site, chapter, notebook):
    page = re.sub(r"\s*<[^>]+>\s*", " ", (site / "book" / "teach" / "index.html").read_text(encoding="utf-8"))
    title, times = notebook.cells[0].source.splitlines()[0].removeprefix("# "), notebook.metadata.chapter
    assert re.search(rf"\. {title} +{' +'.join(str(times[key]) for key in ('read', 'run', 'teach', 'cpu_seconds'))} ", page)


# ---- the tool itself, on a chapter of a few cells ---------------------------------------------------------------------------

STUB = 'def double(x):\n    """Twice x."""\n    ...\n\ncheck.hears(double)'
SOLUTION = "<details>\n<summary>Solution</summary>\n\n```python\ndef double(x):\n    return x + x\n```\n\n</details>"
LOAD = "from stgcn_lib.exercises import ch01 as check"


@pytest.fixture
def tiny(tmp_path):
    """A function: write a chapter of these cells (code that is given as ("code", source)) into a repository of its own."""
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (tmp_path / "book" / "reference").mkdir(parents=True)
    (tmp_path / "book" / "part1-x").mkdir()
    (tmp_path / "book" / "reference" / "glossary.md").write_text("# Glossary\n")

    def write(*sources, name="01-tiny.ipynb", chapter=None):
        cells = [new_markdown_cell(source, id=f"cell-{i}") if isinstance(source, str) else new_code_cell(source[1], id=f"cell-{i}")
                 for i, source in enumerate(sources)]
        metadata = {"chapter": {"teach": 40} if chapter is None else chapter}
        nbformat.write(new_notebook(cells=cells, metadata=metadata), tmp_path / "book" / "part1-x" / name)
        return lambda which: editions.edition(f"book/part1-x/{name}", which, tmp_path)

    return write


def shape(notebook):
    """The cells after the first line: ("text" or "code", source)."""
    return [("text" if cell.cell_type == "markdown" else "code", cell.source) for cell in notebook.cells[1:]]


CALL = "check.hears(double)"
ANSWER = "def double(x):\n    return x + x"


def test_a_solution_is_cut_and_opened(tiny):
    make = tiny("# Tiny", ("code", STUB), f"Before.\n\n{SOLUTION}\n\nAfter.")
    around = [("text", "# Tiny"), ("code", STUB), ("text", "Before."), ("text", "After.")]
    assert shape(make("student")) == [*around[:3], ("text", editions.NOTES), around[3]]
    assert shape(make("instructor")) == [*around[:3], ("text", "**Solution**"), ("code", f"{ANSWER}\n\n{CALL}"), around[3]]


def test_a_fold_inside_a_solution_goes_with_it(tiny):
    inner = "<details><summary>Why?</summary>\nBecause.\n</details>"
    make = tiny(("code", STUB), SOLUTION.replace("\n\n</details>", f"\n\n{inner}\n\nStill inside.\n</details>") + "\n\nOutside.")
    assert shape(make("student"))[1:] == [("text", editions.NOTES), ("text", "Outside.")]
    assert shape(make("instructor"))[3:] == [("text", f"{inner}\n\nStill inside."), ("text", "Outside.")]


def test_other_folds_stay(tiny):
    fold = "<details>\n<summary>A proof</summary>\n\nBy <details><summary>induction</summary> on V. </details>\n</details>"
    make = tiny(fold, ("code", STUB), f"{SOLUTION}\n\n{fold}")
    assert shape(make("student")) == [("text", fold), ("code", STUB), ("text", editions.NOTES), ("text", fold)]
    assert shape(make("instructor"))[0] == shape(make("instructor"))[-1] == ("text", fold)


def test_a_solution_without_code(tiny):
    words = '<details class="worked"><summary>The answer, worked out</summary>\n\nSeven.\n\n```python\nprint(7)\n```\n</details>'
    make = tiny(words, ("code", STUB), SOLUTION + "\n\n" + words.replace("```python\nprint(7)\n```\n", ""))
    assert shape(make("student")) == [("text", editions.NOTES), ("code", STUB), ("text", editions.NOTES), ("text", editions.NOTES)]
    opened = shape(make("instructor"))
    assert opened[:2] == [("text", "**Solution**"), ("text", "Seven.\n\n```python\nprint(7)\n```")]  # of no code exercise
    assert opened[-2:] == [("text", "**Solution**"), ("text", "Seven.")]


def test_every_block_of_a_solution_runs_and_what_answers_is_checked(tiny):
    more = "Or:\n\n```python\ntwo = 2\n```\n\n```python\ndef double(x):\n    return two * x\n```\n\n```text\nno code\n```"
    two = SOLUTION.replace("</details>", f"{more}\n</details>")
    make = tiny(("code", STUB), two)
    assert shape(make("student"))[1:] == [("text", editions.NOTES)]
    assert shape(make("instructor"))[2:] == [
        ("code", f"{ANSWER}\n\n{CALL}"), ("text", "Or:"), ("code", "two = 2"),
        ("code", f"def double(x):\n    return two * x\n\n{CALL}"), ("text", "```text\nno code\n```")]


@pytest.mark.parametrize("which", editions.EDITIONS)
@pytest.mark.parametrize("cells, message", [
    ([("code", STUB), "No solution."], r"part1-x/01-tiny\.ipynb, cell 'cell-0': check\.hears\(double\) asks .* defines double"),
    ([("code", STUB), ("code", STUB), SOLUTION], r"cell 'cell-0': .* before the next exercise"),
    ([SOLUTION, ("code", STUB)], "cell 'cell-1': .* asks for an answer"),
    ([("code", STUB), SOLUTION.replace("double", "triple")], "defines double"),
    ([("code", STUB), SOLUTION.replace("(x)", "(y)")], r"cell-1': the solution is double\(y\), but the stub is double\(x\)"),
    ([("code", STUB), SOLUTION.replace("```python", "```")], "defines double"),
    ([("code", STUB.replace("(double)", "(lambda x: x)")), SOLUTION], r"cell-0': check\.hears is called without a name"),
    ([("code", "check.hears(double"), SOLUTION], "cell-0': line 1 is no Python"),
    ([("code", STUB), SOLUTION.replace("</details>", "")], "cell-1': <details> and </details> do not pair"),
    ([("code", STUB), SOLUTION + "</details>"], "cell-1': <details> and </details> do not pair"),
    ([("code", STUB), SOLUTION.replace("<summary>Solution</summary>", "Solution")], "cell-1': a fold has no summary"),
    ([("code", STUB), f"<details><summary>More</summary>\n{SOLUTION}\n</details>"], "cell-1': a solution is folded inside another"),
    (["[x](../reference/gone.md)"], r"cell-0': the link \.\./reference/gone\.md leads nowhere"),
])
def test_what_the_editions_need_is_asked_for(tiny, which, cells, message):
    with pytest.raises(ValueError, match=message):
        tiny(*cells)(which)


def test_questions_that_the_library_does_not_know_are_named(tiny):
    with pytest.raises(ValueError, match="cell 'cell-1': stgcn_lib.exercises.ch01 has no 'nothing' in QUIZZES"):
        tiny(("code", LOAD), ("code", 'check.quiz("nothing")'))("instructor")
    with pytest.raises(ValueError, match='"teach": 90'):
        tiny("# Tiny", chapter={"read": 5})("student")


def test_replies_come_after_their_question(tiny):
    make = tiny(("code", LOAD), ("code", 'check.quiz("pooled")'), ("code", 'check.predict_reply("forty_rounds")'))
    assert len(shape(make("student"))) == 3
    kinds = [kind for kind, _ in shape(make("instructor"))]
    assert kinds == ["code", "code", "text", "code"]
    assert "<li><b>right</b>: The mean over joints of that output.<br>A mean does not care" in make("instructor").cells[3].source


def test_links_are_made_absolute(tiny):
    make = tiny("[a](../reference/glossary.md#node) [b](01-tiny.ipynb) [`c`](../../_config.yml) [d](#here) [e](https://x.y/z.md)\n\n"
                '<a href="../reference/glossary.md">f</a> `g[0](x)`\n\n```python\nh[0](x)\n```')
    url, branch, site = editions.settings(ROOT)
    assert make("student").cells[1].source == (
        f"[a]({site}/book/reference/glossary.html#node) [b]({site}/book/part1-x/01-tiny.html) "
        f"[`c`]({url}/raw/{branch}/_config.yml) [d](#here) [e](https://x.y/z.md)\n\n"
        f'<a href="{site}/book/reference/glossary.html">f</a> `g[0](x)`\n\n```python\nh[0](x)\n```')


def test_nothing_hides_in_metadata_or_outputs(tiny, tmp_path):
    make = tiny(("code", "1"))
    path = tmp_path / "book" / "part1-x" / "01-tiny.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["answers"] = "secret"
    notebook.cells[0].metadata.update(tags=["remove-input"], note="secret")
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="secret")]
    nbformat.write(notebook, path)
    assert "secret" not in nbformat.writes(make("student"))
    assert make("student").cells[1].metadata == {"tags": ["remove-input"], "jupyter": {"source_hidden": True}}


def test_a_fork_hands_out_its_own_addresses(tiny, tmp_path, monkeypatch):
    origin, branch, site = editions.settings(ROOT)
    tiny(("code", f"%pip install git+{origin}@{branch}"), "[a](../reference/glossary.md)")
    for name, value in (("STGCN_REPOSITORY", "someone/course"), ("STGCN_REF", "v9"), ("STGCN_SITE_URL", "")):
        monkeypatch.setenv(name, value)
    for which in editions.EDITIONS:
        text = editions.editions(which, tmp_path)["01-tiny.ipynb"].decode()
        assert origin not in text and site not in text and "git+https://github.com/someone/course@v9" in text
        assert text.count("https://someone.github.io/course/") == 2


def test_two_runs_write_the_same_bytes_and_old_chapters_go(tiny, tmp_path, monkeypatch):
    for name in ("GITHUB_ACTIONS", "STGCN_REPOSITORY", "STGCN_REF", "STGCN_SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    make = tiny("# Tiny", ("code", STUB), SOLUTION)
    tiny("# Two", name="02-two.ipynb")
    build = tmp_path / "_build"
    editions.write(build, tmp_path)
    first = {path.relative_to(build): path.read_bytes() for path in build.rglob("*") if path.is_file()}
    assert {str(path) for path in first} == {f"{which}/{name}" for which in editions.EDITIONS for name in
                                             ("01-tiny.ipynb", "02-two.ipynb")} | {"student.zip", "instructor.zip"}
    editions.write(build, tmp_path)
    assert {path.relative_to(build): path.read_bytes() for path in build.rglob("*") if path.is_file()} == first
    with zipfile.ZipFile(build / "student.zip") as packed:
        assert packed.namelist() == ["graphs-in-motion-student/01-tiny.ipynb", "graphs-in-motion-student/02-two.ipynb"]
        assert nbformat.read(io.BytesIO(packed.read(packed.namelist()[0])), as_version=4) == make("student")
    (tmp_path / "book" / "part1-x" / "02-two.ipynb").unlink()
    editions.write(build, tmp_path)
    assert [path.name for path in (build / "student").iterdir()] == ["01-tiny.ipynb"]


def test_a_refused_chapter_leaves_the_old_editions(tiny, tmp_path):
    tiny("# Tiny", ("code", STUB), SOLUTION)
    editions.write(tmp_path / "_build", tmp_path)
    before = (tmp_path / "_build" / "student.zip").read_bytes()
    tiny("# Tiny, changed", ("code", STUB), SOLUTION)
    tiny("# Two", ("code", STUB), name="02-two.ipynb")
    with pytest.raises(ValueError, match="02-two.ipynb, cell 'cell-1'"):
        editions.write(tmp_path / "_build", tmp_path)
    assert (tmp_path / "_build" / "student.zip").read_bytes() == before


def test_ids_stay_when_cells_come_and_go(tiny):
    short = {cell.id for cell in tiny(("code", STUB), SOLUTION)("instructor").cells}
    long = [cell.id for cell in tiny(("code", STUB), f"{SOLUTION}\n\n{SOLUTION}", "More.")("instructor").cells]
    assert short <= set(long) and len(set(long)) == len(long)
