# Everything runs from a virtual environment of its own; a second call installs nothing.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: test test-oldest fuzz faults audit dist demo docs lint format clean

# `make test FAST=1` leaves out what is marked slow.
test: lint
	SCIPY_ARRAY_API=1 $(BIN)/python -m pytest --numprocesses 2 --dist worksteal \
	    --durations 10 \
	    $(if $(FAST),-m "not slow")

# With the oldest versions that are allowed, in an environment of their own.
test-oldest: .venv-oldest/test
	SCIPY_ARRAY_API=1 .venv-oldest/bin/python -m pytest --numprocesses 2 --dist worksteal \
	    $(if $(FAST),-m "not slow")

# 1,000 settings, sound and unsound ones mixed; `make test` tries 100 of them.
fuzz: .venv/test
	SKCNN_FUZZ=1000 $(BIN)/python -m pytest tests/test_fuzz.py

# Kills, damaged files, Ctrl-C, full disks: a table of what was tried and what survived.
faults: .venv/test
	$(BIN)/python tests/faults.py

# Whether a package that skcnn brings along has a known hole. It asks PyPI.
audit: .venv/test
	test -x .venv-audit/bin/pip-audit || $(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.venv-audit/bin/pip-audit --skip-editable --path "$$($(BIN)/python -c 'import numpy; print(numpy.__path__[0] + "/..")')"

# A wheel and a source distribution, in dist/.
dist: .venv/test
	rm -rf dist
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build twine
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

demo: .venv/demo
	$(BIN)/python examples/plot_grid_search.py

docs: .venv/docs
	$(BIN)/python -m sphinx -W -n -b html docs docs/_build/html

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The stamps remember which requirements were installed; they are made again when setup.cfg changes.
.venv/demo: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[plot]"
	touch $@

.venv/test: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@ .venv/demo

.venv-oldest/test: setup.cfg pyproject.toml tests/oldest.txt
	test -x .venv-oldest/bin/python || $(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check \
	    --constraint tests/oldest.txt --editable ".[test]"
	touch $@

.venv/docs: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[docs]"
	touch $@ .venv/demo

clean:
	rm -rf .venv .venv-oldest .venv-audit build dist *.egg-info .pytest_cache .ruff_cache .hypothesis docs/_build docs/auto_examples docs/generated
