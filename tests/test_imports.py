"""Imports point down, and rooms on one floor do not know each other."""

import ast
import sys
from pathlib import Path

FLOORS = {"graphs": 1, "layers": 1, "metrics": 1, "models": 2, "attribution": 2, "training": 2, "data": 2, "viz": 2,
          "recipes": 3, "export": 3, "exercises": 3, "__main__": 4}


def imported_modules(path, package):
    """Dotted names of all that a file imports, relative imports resolved; "from a import b" counts as a.b.

    With each comes whether it is imported late, inside a function.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.col_offset > 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else []
            yield from ((".".join([*base, *filter(None, [node.module]), alias.name]), node.col_offset > 0)
                        for alias in node.names)


def wrong_imports(library):
    wrong = []
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library.parent).with_suffix("").parts
        room = parts[1]
        for name, late in imported_modules(path, list(parts[:-1])):
            first, _, rest = name.partition(".")
            other = rest.split(".")[0]
            if room == "__init__":  # the front door opens no room
                allowed = first != library.name
            elif first == library.name:
                allowed = other in (room, "__version__") or FLOORS[other] < FLOORS[room]
            else:  # the ground floor knows torch and numpy only, and SciPy where a function needs it
                allowed = (FLOORS[room] > 1 or first in {"torch", "numpy", *sys.stdlib_module_names}
                           or first == "scipy" and late)
            if not allowed:
                wrong.append(f"{'/'.join(parts)} imports {name}")
    return wrong


def test_imports_only_point_down():
    assert wrong_imports(Path(__file__).parents[1] / "stgcn_lib") == []


def test_wrong_imports_are_found(tmp_path):
    library = tmp_path / "stgcn_lib"
    (library / "graphs").mkdir(parents=True)
    (library / "viz").mkdir()
    (library / "graphs" / "roads.py").write_text("import math\nimport torch\nimport scipy.sparse\n"
                                                 "from . import normalize\ndef f():\n    from ..data import load\n"
                                                 "    from scipy.sparse import csr_array\n    import networkx\n")
    (library / "layers.py").write_text("from .graphs import skeleton\n")
    (library / "viz" / "player.py").write_text("from ..graphs import skeleton\nimport stgcn_lib.data\n"
                                               "from .. import models\n")
    (library / "__init__.py").write_text("from . import graphs\n")
    assert wrong_imports(library) == [
        "stgcn_lib/__init__ imports stgcn_lib.graphs",
        "stgcn_lib/graphs/roads imports scipy.sparse", "stgcn_lib/graphs/roads imports stgcn_lib.data.load",
        "stgcn_lib/graphs/roads imports networkx",
        "stgcn_lib/layers imports stgcn_lib.graphs.skeleton",
        "stgcn_lib/viz/player imports stgcn_lib.data", "stgcn_lib/viz/player imports stgcn_lib.models"]
