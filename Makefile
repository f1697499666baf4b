# campushub: `make demo` runs it, `make test` tests it. Both install what they need, into .venv.
.DEFAULT_GOAL := help
.PHONY: help demo test lint format system lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

help: ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.runtime ## Run everything on this computer, with a simulated school; Ctrl-C ends it
	@$(BIN)/campushub demo $(ARGS)

test: $(VENV)/.development system lint ## Check and test everything
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(VENV)/.development ## Style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.development ## Bring the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

system: ## Install the real servers and the browser that tests use, where apt may
	@sh tests/real/system-packages.sh

lock: $(VENV)/.development ## Renew the lock files from pyproject.toml
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --upgrade --quiet --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --upgrade --quiet --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment and caches; data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'campushub needs Python 3.11 or newer: make demo PYTHON=python3.12'; exit 1; }
	@echo 'Making the environment in $(VENV) …'
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo 'Python cannot make environments: apt install python3-venv'; exit 1; }

# The lock files hold every version with its hashes; the project itself is linked, built by locked tools.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo 'Installing the locked dependencies (once; about 150 MB) …'
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . --quiet
	@touch $@

$(VENV)/.development: requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo 'Installing the locked dependencies with the tools for tests …'
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . --quiet
	@touch $@ $(VENV)/.runtime
