# Two commands: `make run` and `make test`. Everything else serves them.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := UV_LINK_MODE=copy $(BIN)/uv
# With bytecode: without it, the limited child, which writes no file, compiles every reader anew.
COMPILED_INSTALL = $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python
# And what a process compiles it keeps, also where the environment says otherwise: each of the tests'
# workers would compile all tests anew, and each command whatever was changed.
unexport PYTHONDONTWRITEBYTECODE
ROOMS := native matching extraction index egress capture crawler spiders review evidence vigie scheduler.py
ARGS ?=
WORKERS ?= 3
MEASURED ?=

.DEFAULT_GOAL := help
.PHONY: help install install-sites install-test-sites install-dev browser run test coverage no-coverage lint types imports bench soak docs lock clean

help:  ## show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(BIN)/uv: requirements/uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Vigie needs Python 3.11 or newer; set PYTHON=python3.x"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@touch $@

$(VENV)/.runtime: $(BIN)/uv requirements/runtime.lock pyproject.toml
	@echo "Installing Vigie…"
	@$(COMPILED_INSTALL) --require-hashes -r requirements/runtime.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@$(BIN)/python -m compileall -q $(ROOMS)
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	@$(COMPILED_INSTALL) --require-hashes -r requirements/dev.lock
	@touch $@

.venv-sites/.installed: $(BIN)/uv requirements/sites.lock
	@echo "Installing the demo's real sites…"
	@$(UV) venv --quiet --allow-existing --seed --python $(BIN)/python .venv-sites
	@$(UV) pip install --quiet --python .venv-sites/bin/python --require-hashes -r requirements/sites.lock
	@touch $@

.venv-dpaste/.installed: $(BIN)/uv requirements/dpaste.lock
	@$(UV) venv --quiet --allow-existing --seed --python $(BIN)/python .venv-dpaste
	@$(UV) pip install --quiet --python .venv-dpaste/bin/python --require-hashes -r requirements/dpaste.lock
	@touch $@

install: $(VENV)/.runtime  ## the program alone, into .venv
install-dev: $(VENV)/.dev
install-sites: .venv-sites/.installed
install-test-sites: install-sites .venv-dpaste/.installed

browser: $(VENV)/.runtime  ## Chromium: the system's, Debian's package, or Playwright's own
	@bash vigie/demo/browser.sh

run: install  ## from nothing to alerts on screen (ARGS=--once ends by itself; ES=1 with a real Elasticsearch)
	@# Two minutes of compiling on a fresh machine, beside all that is done before the first scan.
	@$(BIN)/python -m vigie.demo.kernels & $(MAKE) --no-print-directory install-sites browser
	@$(if $(ES),$(BIN)/python -m tests.elasticsearch_node.run )$(BIN)/vigie demo $(ARGS)

test: install-dev  ## lint, types, import arrows, then every test
	@# Two minutes of compiling on a fresh machine, beside all that is done before the first test.
	@$(BIN)/python -m compileall -q $(ROOMS) tests
	@$(BIN)/python -m vigie.demo.kernels & kernels=$$!; \
	$(MAKE) --no-print-directory install-test-sites browser lint && wait $$kernels
	@$(BIN)/python -m $(MEASURED) pytest -q -m "not soak" -n $(WORKERS) --dist worksteal --durations=10 $(TESTS)

coverage: MEASURED := coverage run -m
coverage: no-coverage test  ## the same with coverage, which takes longer
	@# Processes that tests kill leave unfinished files, which the report would stumble over.
	@$(BIN)/python -W ignore -m coverage combine -q && rm -f .coverage.* && $(BIN)/python -m coverage report | tail -n 40

no-coverage:
	@rm -f .coverage .coverage.*

lint: install-dev  ## ruff, mypy --strict, import arrows
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: install-dev install-sites  ## benchmarks, JSON on stdout
	@for b in $(filter-out bench/golden.py,$(wildcard bench/*.py)); do $(BIN)/python $$b || exit 1; done

soak: install-dev install-test-sites browser  ## long campaigns
	@$(BIN)/python -m pytest -q -m soak --timeout 7200
	@HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -q -m "hypothesis and not soak" --timeout 7200

docs: install-dev install-sites browser  ## make the pictures in docs/ again
	@$(BIN)/python -m vigie.demo.pictures docs/pictures

lock: $(BIN)/uv  ## resolve requirements/*.in again
	@for n in runtime dev sites dpaste uv; do $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 requirements/$$n.in -o requirements/$$n.lock; done

clean:  ## remove the environments and the demo's files
	rm -rf $(VENV) .venv-sites .venv-dpaste .demo build *.egg-info
