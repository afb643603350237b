# Thin names over plain commands. Everything is installed into .venv, once.
.PHONY: run lessons test lint format bench readme proven screenshots
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

run: .venv/run
	@exec $(BIN)/python app.py

# Streamlit, with the six lessons for a class.
lessons: .venv/run
	@exec $(BIN)/python -m streamlit run workbench/ui/lessons/app.py --server.headless true

test: .venv/dev
	@$(BIN)/python -m tests.browser.chromium
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/browser
	@$(BIN)/python -m pytest tests/browser

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Those named *_real want footage of one's own as arguments.
bench: .venv/dev
	@set -e; for script in $(basename $(notdir $(filter-out %_real.py,$(wildcard tests/benchmarks/bench_*.py)))); do \
	  echo "== $$script"; $(BIN)/python -m tests.benchmarks.$$script; \
	done

readme: .venv/dev
	$(BIN)/python -m tests.readme

# Measures, which takes minutes.
proven: .venv/dev
	$(BIN)/python -m tests.readme proven

screenshots: .venv/dev
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m tests.browser.screenshots

# The first Python of at least 3.11 that runs and can make an environment.
.venv/bin/python:
	@for python in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	  if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec $$python -m venv .venv; \
	  fi; \
	done; \
	echo 'No Python 3.11 or newer with venv was found: install python3.11 and python3.11-venv, then run make again.' >&2; \
	exit 1

.venv/run: requirements.txt | .venv/bin/python
	@echo 'Installing requirements.txt into .venv (some minutes, once) ...' >&2
	@$(PIP) -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	@echo 'Installing requirements-dev.txt into .venv ...' >&2
	@$(PIP) -r requirements-dev.txt
	@touch $@
