"""Every chapter keeps to the template: enough words and not too many, short cells, prose between them, plain Markdown."""

import re
import statistics
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]
TAGS = {"remove-input", "remove-output", "remove-cell", "hide-input", "hide-output", "raises-exception"}


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def shown(cell):
    return cell.cell_type == "code" and "remove-input" not in cell.metadata.get("tags", [])


def words(text):
    """Words that a reader reads: no addresses, no code blocks, no tags; a formula counts as one."""
    text = re.sub(r"```.*?```", " ", text, flags=re.S)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", " x ", text, flags=re.S)
    return len(re.findall(r"[A-Za-z0-9][\w'’.-]*", re.sub(r"<[^>]+>", " ", text)))


def test_words_are_counted_as_read():
    assert words("See [the paper](https://a.b/c d) on $x + y$, **now**.\n```python\na = 1\n```\n<b>bold</b>") == 7


def test_length(notebook):
    prose = sum(words(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    code = [len(lines(cell)) for cell in notebook.cells if shown(cell)]
    assert 2200 <= prose <= 3200, f"{prose} words"
    assert 12 <= len(code) <= 20, f"{len(code)} code cells"
    assert statistics.median(code) <= 8, f"the median cell has {statistics.median(code)} lines: {code}"


def test_no_cell_is_long(notebook):
    found = [(cell.id, len(lines(cell))) for cell in notebook.cells if cell.cell_type == "code" and len(lines(cell)) > 25]
    assert found == [], "longer belongs in the library"
    wide = [(cell.id, line) for cell in notebook.cells if shown(cell) and cell.id != "setup"
            for line in cell.source.splitlines() if len(line) > 120]
    assert wide == []


def test_prose_between_code(notebook):
    row, prose = 0, 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            row, prose = row + shown(cell), 0
        else:
            row, prose = 0, prose + words(cell.source)
        assert row <= 2, f"three code cells without prose, the last is {cell.id!r}"
        assert prose <= 350 or "|" in cell.source, f"{prose} words without a figure or code, up to {cell.id!r}"


def test_cells_have_a_title_ids_and_known_tags(notebook):
    ids = [cell.get("id") for cell in notebook.cells]
    assert notebook.cells[0].source.startswith("# ")
    assert None not in ids and len(set(ids)) == len(ids)
    assert {tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])} <= TAGS
    assert notebook.metadata.kernelspec.name == "python3"


def test_plain_markdown_only(notebook):
    """Colab shows MyST directives and roles as raw text."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.findall(r"^(?:`{3,}|:{3,})\{[^}]*\}|\{[a-z:]+\}`[^`]*`|^\([\w-]+\)=$", cell.source, flags=re.M)
            assert found == [], cell.id


def test_relative_links_lead_somewhere(chapter, notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)\s]+)", cell.source):
                url = urlsplit(target)
                if not url.scheme and url.path:
                    assert (Path(chapter).parent / unquote(url.path)).exists(), f"{cell.id}: {target}"


def test_every_citation_is_in_the_bibliography(notebook):
    """[Kipf & Welling, 2017](../reference/bibliography.md): an entry with that first author and that year is there."""
    entries = (ROOT / "book" / "references.bib").read_text(encoding="utf-8").split("\n@")
    known = {(re.search(r"author = \{+([^,}]+)", entry).group(1), match.group(1)) for entry in entries
             if (match := re.search(r"year = \{(\d+)\}", entry))}
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    cited = re.findall(r"\[([^\]]+), (\d{4})\]\([^)]*bibliography", text)
    assert cited
    assert [c for c in cited if (re.split(r" (?:&|and|et al)", c[0])[0], c[1]) not in known] == []


def test_eight_exercises_with_solutions(notebook):
    text = "\n".join(cell.source for cell in notebook.cells)
    assert len(re.findall(r"<details>\s*<summary>[^<]*[Ss]olution", text)) >= 3, "the code and debug exercises fold their solutions"
    assert len(re.findall(r"check\.quiz\(", text)) >= 2 and len(re.findall(r"check\.box\(", text)) >= 2
