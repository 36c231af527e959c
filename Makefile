# GNU make; `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# More workers than cores: tests often wait for servers and processes.
WORKERS ?= 4
# Which tests run: quick, ci (as .ci/run runs them) or all.
TESTS ?= quick
# As root, install a MariaDB server program for the tests where there is no server: yes or no.
INSTALL_SERVER ?= yes
PYTEST_ARGS ?=
BENCH_ARGS ?=
FUZZ_SECONDS ?= 600
FUZZ_SEED ?= 1

# Without written bytecode, each migration would compile all revisions again.
unexport PYTHONDONTWRITEBYTECODE

# Quiet twice: errors only.
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help ingest test test-all mysql fuzz mutants bench bench-full docs check format wheel clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F '|' '{ printf "%-17s %s\n", $$1, $$2 }'

ingest: $(VENV)/installed ## ingest Results/ into the databases of webautodash-data/ (or of webautodash.env)
	@$(BIN)/webautodash ingest

ENSURE_SERVER = INSTALL_SERVER=$(INSTALL_SERVER) sh tests/ensure_server.sh $(BIN)/python
OPTIONS_quick = -m 'not ci and not slow'
OPTIONS_ci = -m 'not slow'
OPTIONS_all = --every-step
OPTIONS = $(or $(OPTIONS_$(TESTS)),$(error TESTS is quick, ci or all))

test: $(VENV)/installed-dev ## the tests, in a few minutes; as root, installs MariaDB (INSTALL_SERVER=no: does not); TESTS=ci: those of CI
	@$(ENSURE_SERVER) && $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(OPTIONS) $(PYTEST_ARGS)

test-all: ## every test, with a kill at every step; half an hour
	@$(MAKE) test TESTS=all

mysql: ## download a MySQL server for the tests, where no mysqld is installed; on Debian alone, with its apt-get
	@sh tests/get_mysql.sh

fuzz: $(VENV)/installed-dev ## read damaged files until one breaks a rule of the reader; FUZZ_SECONDS=600, FUZZ_SEED=1
	@$(BIN)/python tests/fuzz.py --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

mutants: $(VENV)/installed-mutants ## make small changes to names and checksums, and list those that no test notices (tests/MUTANTS.md)
	@CI=true $(BIN)/mutmut run && $(BIN)/mutmut results

bench: $(VENV)/installed-bench ## measure into benchmarks/RESULTS.md, about 15 minutes; BENCH_ARGS adds options
	@CI=true $(ENSURE_SERVER) || echo "Measuring on SQLite alone." >&2
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-full: ## the same up to 200,000 patients, 500 providers and a file of 1 GB: hours
	@$(MAKE) bench BENCH_ARGS='--full $(BENCH_ARGS)'

docs: $(VENV)/installed-docs ## the manual into site/, from docs/ and the code
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/transcripts.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs --quiet build --strict
	@echo "site/index.html"

check: $(VENV)/installed-dev ## style, insecure constructs, types, layers, and that the generated pages of the manual are not stale
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/bandit -q -c pyproject.toml -r webautodash migrations
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python docs/generate.py --check

format: $(VENV)/installed-dev ## put the code in the project's format
	@$(BIN)/ruff check --fix --select I .
	@$(BIN)/ruff format .

wheel: $(VENV)/installed ## dist/webautodash-*.whl
	@$(PIP) wheel --no-deps --wheel-dir dist .
	@ls dist/*.whl

clean: ## remove what make created; data, Results and settings stay
	@rm -rf $(VENV) build dist mutants site .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -not -path './webautodash-data/*' -not -path './Results/*' -prune -exec rm -rf {} +

# An existing environment is kept if it works; one whose creation was interrupted has no pip.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "webautodash needs Python 3.11 or newer as $(PYTHON); another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot create a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Preparing .venv (once) ..." >&2
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --upgrade pip
	@touch $@

$(VENV)/installed: pyproject.toml | $(VENV)/made
	@echo "Installing webautodash into .venv ..." >&2
	@$(PIP) install --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(VENV)/made
	@echo "Installing webautodash and its development tools into .venv ..." >&2
	@$(PIP) install --editable '.[dev]'
	@touch $(VENV)/installed $@

$(VENV)/installed-bench: pyproject.toml | $(VENV)/made
	@echo "Installing webautodash and what the benchmarks compare it with into .venv ..." >&2
	@$(PIP) install --editable '.[bench]'
	@touch $(VENV)/installed $@

$(VENV)/installed-docs: pyproject.toml | $(VENV)/made
	@echo "Installing webautodash and what builds its manual into .venv ..." >&2
	@$(PIP) install --editable '.[docs]'
	@touch $(VENV)/installed $@

$(VENV)/installed-mutants: pyproject.toml | $(VENV)/made
	@echo "Installing webautodash and what makes mutants into .venv ..." >&2
	@$(PIP) install --editable '.[mutants]'
	@touch $(VENV)/installed $(VENV)/installed-dev $@
