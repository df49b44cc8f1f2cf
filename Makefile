# Each target sets up its own environment in .venv if there is none, and again when the requirements change.
# Without Make (Windows too): README.md has the same in plain lines.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SITE := $(CURDIR)/_build/html

.PHONY: help book serve student test lint budgets clean
help:
	@echo "make book     build the book (sets itself up first)"
	@echo "make serve    build it and serve it on http://localhost:8000"
	@echo "make student  write student notebooks without solutions, and instructor notebooks with them"
	@echo "make test     build it, then style, unit, notebook and browser tests"
	@echo "make lint     the style tests alone"
	@echo "make budgets  measure pages, figures and memory against the budgets"
	@echo "make clean    remove what was built, keep .venv"

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed, this is ' \
	  + sys.version.split()[0] + ': name another one with  make PYTHON=python3.12')"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(READY)

book: $(READY)
	$(BIN)/jupyter-book build . -W -n --keep-going
	@test -f $(SITE)/index.html && echo "The book: $(SITE)/index.html   (served: make serve)"

serve: book
	@echo "The book: http://localhost:8000   (stop with Ctrl+C)"
	@$(BIN)/python -m http.server 8000 --directory $(SITE) --bind 127.0.0.1

student: $(READY)
	@$(BIN)/python book/_ext/editions.py

lint: $(READY)
	$(BIN)/python -m pytest tests/book/test_style.py
	@echo "Style and spelling are fine."

test: book
	$(BIN)/python -m pytest -n 2 --dist loadfile
	@echo "All passed. The book that was tested: $(SITE)/index.html"

budgets: book
	$(BIN)/python benchmarks/budgets.py

clean:
	rm -rf _build .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
