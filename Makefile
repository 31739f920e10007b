# Rialto. Needs make and Python 3.11 or newer; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
TESTING := $(VENV)/installed-tests
SOURCES := app translators tests docs wsgi.py gunicorn.conf.py
SERVE := $(BIN)/gunicorn -c gunicorn.conf.py wsgi:app

# What a user may have set for a vendor. Set but empty, it counts as unset and wins over a line in .env.
VENDOR_VARIABLES = $(shell env | cat - conf/env.example $(wildcard .env) | sed -nE \
	's/^(export +|\# *)?([A-Z][A-Z0-9_]*(_API_KEY|_API_BASE|_BASE_URL|_HOST|_MODEL|_PROVIDER)|MODEL_MAP_[A-Z]+|PROVIDER|PROVIDER_[A-Z0-9_]+) *=.*/\2=/p' \
	| grep -v '^BRIDGE_' | sort -u)

.DEFAULT_GOAL := help
.PHONY: help install run debug demo test laws check lint type format docs sizes clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Create .venv and install the pinned packages

run: $(INSTALLED) ## Serve on HOST:PORT (127.0.0.1:4001)
	@exec $(SERVE)

debug: $(INSTALLED) ## The same with debug logs, one worker, reloading on changes
	@BRIDGE_DEBUG=1 LOG_LEVEL=debug exec $(SERVE) --workers 1 --reload

demo: $(INSTALLED) ## The same with every vendor setting empty: the built-in demo answers
	@exec env $(VENDOR_VARIABLES) $(SERVE)

test: $(TESTING) ## Run all tests (ARGS="-k words" to choose)
	@$(BIN)/python -m pytest $(ARGS)

laws: $(TESTING) ## Break the code on purpose: every law must notice
	@$(BIN)/python -m tests.conformance.broken

test-real: $(TESTING) ## Run the tests against a real llama.cpp server; the first time builds it (6 minutes)
	@PYTHON=$(CURDIR)/$(BIN)/python tests/real/start_llama_server.sh --build || true
	@$(BIN)/python -m pytest -m real -rs tests/real $(ARGS)

check: lint type ## Lint, formatting and types
	@$(BIN)/ruff format --check $(SOURCES)

lint: $(TESTING) ## ruff
	@$(BIN)/ruff check $(SOURCES)

type: $(TESTING) ## mypy --strict on app/ and translators/
	@$(BIN)/mypy

format: $(TESTING) ## Format the code and fix what can be fixed
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

docs: $(INSTALLED) ## Write the generated tables into README.md and docs/vendors.md
	@$(BIN)/python docs/vendor_table.py

sizes: $(INSTALLED) ## Print the lengths of functions and files
	@$(BIN)/python tests/sizes.py

clean: ## Remove .venv and every cache
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Rialto needs Python 3.11 or newer, \
	$(PYTHON) is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@rm -f $(INSTALLED) $(TESTING)

$(INSTALLED): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(TESTING): tests/requirements.txt $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@
