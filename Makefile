# Everything runs from here; `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
# how torch is named to pip; e.g. TORCH="torch==2.13.0 --index-url <an index of CPU builds>"
TORCH ?= torch==2.13.0
# processes that run the tests, more than there are cores, since some wait; a file's tests stay together
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) * 3 // 2)")
SMOKE_WORKERS ?= $(WORKERS)
# the environment of the reference implementations, which ask for other versions than ours
PARITY_VENV ?= .venv-parity
PARITY_READY := $(PARITY_VENV)/.ready
PIP := $(RUN)/python -m pip install --quiet --disable-pip-version-check --no-compile
PIP_PARITY := $(PARITY_VENV)/bin/python -m pip install --quiet --disable-pip-version-check

# what `make docs` describes: what users and plug-ins import, a package with all that is in it
API := codecmark codecmark.catalog codecmark.clip codecmark.codec codecmark.corpus codecmark.errors \
    codecmark.measure.elsewhere codecmark.metrics codecmark.networks.setup codecmark.results \
    codecmark.review codecmark.analysis codecmark.spec codecmark.commands.pytest_plugin

.DEFAULT_GOAL := help
.PHONY: help setup bench test check docs wheel wheel-test unit performance robustness smoke coverage review report parity parity-environment \
    leaderboard list clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the environment in .venv

# torch comes first and by name, so that no resolver picks another build of it
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(TORCH)
	$(PIP) -c constraints.txt -e '.[dev]'
	@$(RUN)/python -m compileall -q -j 0 $(VENV)/lib > /dev/null 2>&1 || true # pip would use one core
	@touch $@

# the page is made of what there is, whatever failed before it, and pytest's exit status is kept
bench: $(READY) ## run the benchmarks into codecmark-results/: rows, leaderboard, decision record, page
	@status=0; $(RUN)/pytest benchmarks/ --benchmark-only || status=$$?; \
	$(RUN)/codecmark review results/decisions/requirements.toml || [ $$status -ne 0 ] || status=$$?; \
	$(RUN)/codecmark report || [ $$status -ne 0 ] || status=$$?; \
	exit $$status

# mypy uses one core and some tests wait, so the tests run beside the rest; -k lets all of it end
test: ## everything CI runs
	@$(MAKE) --no-print-directory -k -j 2 check unit smoke SMOKE_WORKERS=1

check: $(READY) ## ruff and mypy
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

wheel: $(READY) ## build the wheels into dist/: the package, and the weights that it trained
	$(RUN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist . ./.ci/trained

wheel-test: $(READY) ## install the wheel into an empty environment and run it there (asks a package index)
	$(RUN)/pytest -m wheel -s tests/project/test_wheel.py

unit: $(READY) ## the tests, on every core; WORKERS=0 for one after the other
	$(RUN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

docs: $(READY) ## write the pages of the API, from its docstrings, to build/api/
	$(RUN)/pdoc --docformat numpy -o build/api $(API)

performance: $(READY) ## write results/performance.md: what a run costs (wants a quiet machine)
	$(RUN)/python benchmarks/performance.py
	$(RUN)/python benchmarks/execution_speed.py

robustness: $(READY) ## write results/robustness.md: mutated streams and files, faults, kills (an hour)
	$(RUN)/python tests/robustness.py

smoke: $(READY) ## every benchmark once, untimed, on one clip
	CODECMARK_OFFLINE=1 $(RUN)/pytest benchmarks/ --benchmark-disable -q -n $(SMOKE_WORKERS) --dist worksteal

coverage: $(READY) ## the tests once more, with the lines that none of them reaches (takes longer)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[coverage]'
	$(RUN)/coverage run -m pytest
	$(RUN)/coverage report

review: $(READY) ## judge results/decisions/requirements.toml by the newest stored run
	$(RUN)/codecmark review results/decisions/requirements.toml

parity: $(PARITY_READY) ## compare EnCodec and DAC with their authors' packages: results/parity.md
	$(PARITY_VENV)/bin/python -m codecmark.studies.parity

parity-environment: $(PARITY_READY) ## make the environment in which #original runs, .venv-parity

# their own requirements are left out, torchaudio among them: what follows is what they import
$(PARITY_READY): pyproject.toml constraints.txt codecs/codecmark/studies/parity/torchaudio_stand_in.py
	$(PYTHON) -m venv $(PARITY_VENV)
	$(PIP_PARITY) $(TORCH)
	$(PIP_PARITY) -c constraints.txt -e '.[neural]'
	$(PIP_PARITY) -c constraints.txt argbind einops ffmpy flatten-dict importlib_resources randomname tensorboard
	$(PIP_PARITY) -c constraints.txt --no-deps descript-audio-codec descript-audiotools encodec julius
	cp codecs/codecmark/studies/parity/torchaudio_stand_in.py \
	    "$$($(PARITY_VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torchaudio.py"
	@touch $@

leaderboard: $(READY) ## print and write the tables of the newest stored run
	$(RUN)/codecmark leaderboard

report: $(READY) ## write the page of the newest stored run: codecmark-results/report/index.html
	$(RUN)/codecmark report

list: $(READY) ## every codec, and what it lacks here
	$(RUN)/codecmark list

clean: ## remove the environment and caches
	rm -rf $(VENV) $(PARITY_VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .coverage
