# Every target works on a fresh machine with Python 3.11+, make and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.ready-bench
JOB ?=
BOARD = runs/leaderboard
# What lies in a folder base/ is extended by specs and is none itself.
SPECS = $(shell find configs -name '*.yaml' -not -path '*/base/*' -not -name published.yaml)

.DEFAULT_GOAL := help
.PHONY: help setup demo test torture check format lint types imports docs regress real bench bench-quick leaderboard clean

help:  ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "recsys needs Python 3.11 or newer; say which: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

setup: $(READY)  ## Create .venv and install recsys with its development tools

demo: $(READY)  ## Train, evaluate and recommend on the embedded data, offline
	$(BIN)/recsys run configs/als.yaml

test: $(READY)  ## Run the tests
	$(BIN)/python -m pytest -n auto --dist worksteal -q

torture: $(READY)  ## Run every recipe of tests/torture in full (about two hours)
	RECSYS_TORTURE=full $(BIN)/python -m pytest -n auto --dist worksteal -q tests/torture

check: lint types imports docs  ## Format, lint, types, import layers, specs and docs in step

format: $(READY)  ## Reformat the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY)  ## Check format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)  ## Check types
	$(BIN)/mypy

imports: $(READY)  ## Check that imports point one way
	$(BIN)/lint-imports

docs: $(READY)  ## Check that specs are sound and the generated docs are in step with the code
	$(BIN)/recsys check --no-audit $(SPECS)
	$(BIN)/python docs/generate.py --check

regress: $(READY)  ## Hold the small regression suite against its baseline
	$(BIN)/recsys regress configs/ci/*.yaml --baseline configs/ci/baseline.json

real: $(READY)  ## Run the small suite on real data, which RECSYS_DATA_HOME must hold
	$(BIN)/recsys regress configs/ci/real/*.yaml --baseline configs/ci/real/baseline.json

$(BENCH_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	touch $(BENCH_READY)

bench: $(BENCH_READY)  ## Measure against peers, side by side; JOB=als for one table
	$(BIN)/python -m benchmarks $(JOB)

bench-quick: $(BENCH_READY)  ## The same in small, in five minutes once the peers are installed
	$(BIN)/python -m benchmarks $(JOB) --quick

leaderboard: $(READY)  ## Tune ten models on ml-1m and rewrite docs/leaderboard.md (about half an hour)
	mkdir -p $(BOARD)
	$(BIN)/recsys tune configs/leaderboard/*.yaml --trials 30 --resume --runs $(BOARD) -o $(BOARD) --format md > $(BOARD)/page.md
	mv $(BOARD)/page.md docs/leaderboard.md

clean:  ## Remove the environment and every cache; runs and datasets stay
	rm -rf $(VENV) benchmarks/.environments build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
