# Rialto. Needs make and Python 3.11 or newer; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
TESTING := $(VENV)/installed-tests
SOURCES := app translators tests docs wsgi.py gunicorn.conf.py
SERVE := $(BIN)/gunicorn -c gunicorn.conf.py wsgi:app
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV := uv==0.13.8
LOCK := .cache/uv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-header

# What a user may have set for a vendor. Set but empty, it counts as unset and wins over a line in .env.
VENDOR_VARIABLES = $(shell env | cat - conf/env.example $(wildcard .env) | sed -nE \
	's/^(export +|\# *)?([A-Z][A-Z0-9_]*(_API_KEY|_API_BASE|_BASE_URL|_HOST|_MODEL|_PROVIDER)|MODEL_MAP_[A-Z]+|PROVIDER|PROVIDER_[A-Z0-9_]+) *=.*/\2=/p' \
	| grep -v '^BRIDGE_' | sort -u)

.DEFAULT_GOAL := help
.PHONY: help install setup doctor claude run debug replay vendor-check demo start stop restart status logs dashboard bench bench-dashboard client lock test vendor record cases scenarios scenarios-table savings tool-search laws chaos fuzz test-browser test-real scale-out check lint type format docs sizes clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Create .venv and install the pinned packages

setup: $(INSTALLED) ## Choose vendors, keep their keys in .env, try them at once
	@$(BIN)/python -m app setup $(ARGS)

doctor: $(INSTALLED) ## Ask every vendor that is set up, say what is wrong (ARGS="--vendor kimi", --json, --timeout 60)
	@$(BIN)/python -m app doctor $(ARGS)

claude: $(INSTALLED) ## Start Claude Code on a model (MODEL=name START=1 PRINT=1, ARGS="for claude"); in any folder: conf/claude
	@conf/claude $(if $(PRINT),--print) $(if $(START),--start) $(if $(MODEL),--model "$(MODEL)") -- $(ARGS)

run: $(INSTALLED) ## Serve on HOST:PORT (127.0.0.1:4001)
	@exec $(SERVE)

debug: $(INSTALLED) ## The same with debug logs and captures of every exchange, one worker, reloading on changes
	@BRIDGE_DEBUG=1 LOG_LEVEL=debug exec $(SERVE) --workers 1 --reload

replay: $(INSTALLED) ## Play captured exchanges again and show what differs (FILE=logs/debug/x.jsonl ID=req_...)
	@$(if $(FILE),,$(error Say which: make replay FILE=logs/debug/SESSION.jsonl))
	@$(BIN)/python -m app.capture $(if $(ID),--id $(ID)) -- "$(FILE)"

vendor-check: $(INSTALLED) ## Judge a vendor's bytes by the scenarios (VENDOR=kimi LIVE=1 MODEL= FILE=capture OUT=report.md)
	@$(if $(VENDOR),,$(error Say which: make vendor-check VENDOR=name))
	@$(BIN)/python -m app vendor-check --vendor "$(VENDOR)" $(if $(MODEL),--model "$(MODEL)") $(if $(LIVE),--live) \
		$(if $(FILE),--file "$(FILE)") $(if $(ID),--id "$(ID)") $(if $(OUT),--out "$(OUT)") $(ARGS)

demo: $(INSTALLED) ## The same with every vendor setting empty: the built-in demo answers
	@exec env $(VENDOR_VARIABLES) $(SERVE)

start: $(INSTALLED) ## Serve in the background
	@conf/service.sh start

stop: ## End the server in the background
	@conf/service.sh stop

restart: $(INSTALLED) ## End it and serve again
	@conf/service.sh restart

status: ## Say whether it runs
	@conf/service.sh status

logs: ## Follow its words
	@conf/service.sh logs

dashboard: $(INSTALLED) ## Serve the dashboard alone on 127.0.0.1:4002 (BRIDGE_LOG_DIR=logs,/mnt/other/logs)
	@exec $(BIN)/python -m app.dashboard

bench-dashboard: $(TESTING) ## Time the dashboard and weigh it with a log of a million exchanges (LINES=1000000)
	@$(BIN)/python -m tests.dashboard.bench $(LINES)

savings: $(TESTING) ## What shorter prompts, described images and hidden tools save (FOLDER=recorded requests of your own)
	@$(BIN)/python -m tests.savings_figures $(FOLDER)

tool-search: $(TESTING) ## What the search of tools saves, request by request (FOLDER=recorded requests of your own)
	@$(BIN)/python -m tests.tool_search_figures $(FOLDER)

test: $(TESTING) ## Run all tests (ARGS="-k words" to choose)
	@$(BIN)/python -m pytest $(ARGS)

vendor: $(TESTING) ## Begin a vendor (NAME=example TITLE= ADDRESS= DOCUMENTATION= MODEL=); see docs/add-a-vendor.md
	@$(BIN)/python -m tests.conformance.new_vendor $(NAME) $(foreach word,TITLE ADDRESS DOCUMENTATION MODEL,$(if \
		$($(word)),--$(shell echo $(word) | tr A-Z a-z) "$($(word))"))

record: $(TESTING) ## Record and scrub answers of a VENDOR as cases (MODEL= CASE=name, or FILE=capture ID=req_... CASE=name)
	@$(if $(VENDOR),,$(error Say which: make record VENDOR=name))
	@$(BIN)/python -m tests.conformance.record "$(VENDOR)" $(if $(MODEL),--model "$(MODEL)") $(if $(CASE),--case "$(CASE)") \
		$(if $(FILE),--file "$(FILE)") $(if $(ID),--id "$(ID)") $(ARGS)

cases: $(TESTING) ## Write upstream.json and expected.json where a VENDOR's cases lack them
	@$(BIN)/python -m tests.conformance.new_cases $(VENDOR)

scenarios: $(TESTING) ## Run the scenarios of tests/scenarios and report each of them
	@$(BIN)/python -m tests.scenarios

scenarios-table: $(TESTING) ## Write the table of tests/scenarios/README.md
	@$(BIN)/python -m tests.scenarios --write

client: $(INSTALLED) ## Make a key for a client (NAME=team-a) and print its row for conf/clients.local.toml
	@$(BIN)/python -m app.clients "$(NAME)"

lock: | $(BIN)/python ## Write the hashes of all packages of requirements.txt (ARGS=--upgrade for newer ones below them)
	@$(PIP) --upgrade --target .cache/uv $(UV)
	@$(LOCK) $(ARGS) requirements.txt -o requirements.lock
	@$(LOCK) $(ARGS) tests/requirements.txt -c requirements.lock -o tests/requirements.lock

bench: $(TESTING) ## Measure Rialto beside a raw relay and other bridges (ROUNDS=5 ONLY=W1,W5 PEERS=none)
	@$(BIN)/python -m tests.bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY)) $(if $(PEERS),--peers $(PEERS))

chaos: $(TESTING) ## Thousands of faults against the real server (SEED=7 COUNT=2000, ONLY=17 for one of them)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) $(if $(ONLY),--only $(ONLY))

fuzz: $(TESTING) ## Random requests and answers against every law, 10 minutes at most
	@$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=fuzz --show-capture=no -rs $(ARGS)

laws: $(TESTING) ## Break the code on purpose: every law must notice
	@$(BIN)/python -m tests.conformance.broken

test-browser: $(TESTING) ## Run the dashboard's tests in a headless Chromium
	@$(BIN)/python -m pytest -m browser -rs tests/dashboard $(ARGS)

test-real: $(TESTING) ## Run the tests against a real llama.cpp server; the first time builds it (6 minutes)
	@PYTHON=$(CURDIR)/$(BIN)/python tests/real/start_llama_server.sh --build || true
	@$(BIN)/python -m pytest -m real -rs tests/real $(ARGS)

scale-out: $(TESTING) ## Two nodes behind nginx with a Redis: limits held together, one killed under load
	@$(BIN)/python -m pytest -m scale -rs -s tests/scale $(ARGS)

check: lint type ## Lint, formatting and types
	@$(BIN)/ruff format --check $(SOURCES)

lint: $(TESTING) ## ruff
	@$(BIN)/ruff check $(SOURCES)

type: $(TESTING) ## mypy --strict on app/ and translators/
	@$(BIN)/mypy

format: $(TESTING) ## Format the code and fix what can be fixed
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

docs: $(INSTALLED) ## Write the generated tables: README.md, docs/vendors.md, docs/configuration.md
	@$(BIN)/python docs/vendor_table.py
	@$(BIN)/python docs/settings_table.py

sizes: $(INSTALLED) ## Print the lengths of functions and files
	@$(BIN)/python tests/sizes.py

clean: ## Remove .venv and every cache
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Rialto needs Python 3.11 or newer, \
	$(PYTHON) is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@rm -f $(INSTALLED) $(TESTING)

$(INSTALLED): requirements.lock | $(BIN)/python
	$(PIP) --require-hashes -r requirements.lock
	@touch $@

$(TESTING): tests/requirements.lock $(INSTALLED)
	$(PIP) --require-hashes -r tests/requirements.lock
	@touch $@
