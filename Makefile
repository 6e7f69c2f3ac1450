# Everything runs from here; `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
# how torch is named to pip; e.g. TORCH="torch==2.13.0 --index-url <an index of CPU builds>"
TORCH ?= torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help setup bench test check unit performance smoke leaderboard list clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the environment in .venv

# torch comes first and by name, so that no resolver picks another build of it
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

bench: $(READY) ## run the benchmarks: rows, leaderboard, pytest-benchmark's tables
	$(RUN)/pytest benchmarks/ --benchmark-only

test: check unit smoke ## everything CI runs

check: $(READY) ## ruff and mypy
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

unit: $(READY) ## the tests
	$(RUN)/pytest

performance: $(READY) ## write results/performance.md: what a run costs (wants a quiet machine)
	$(RUN)/python benchmarks/performance.py

smoke: $(READY) ## every benchmark once, untimed, on one clip
	CODECMARK_OFFLINE=1 $(RUN)/pytest benchmarks/ --benchmark-disable

leaderboard: $(READY) ## print and write the tables of the newest stored run
	$(RUN)/codecmark leaderboard

list: $(READY) ## every codec, and what it lacks here
	$(RUN)/codecmark list

clean: ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
