.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.PHONY: help setup setup-dev run test test-all fuzz check format lint types arch contracts proto stack stack-down test-real eval bench storm pins clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt

$(VENV)/.base: requirements/base.txt pyproject.toml proto/memloom/v1/*.proto | $(UV)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/base.txt
	@$(MAKE) --no-print-directory proto
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(VENV)/.base ## Install .venv (what running needs)

setup-dev: $(VENV)/.dev ## Install .venv with what tests need

run: $(VENV)/.base ## Start the embedded Memloom on loopback (REST and console 8080, gRPC 50051)
	$(BIN)/memloom serve --host 127.0.0.1 --port 8080 --grpc-port 50051 --data ./data

test: $(VENV)/.dev ## Run the tests that need no server (slow ones in CI only)
	$(BIN)/pytest -n 2 --dist loadfile -m "not real$(if $(CI),, and not slow)"

test-all: $(VENV)/.dev ## Run all tests that need no server
	$(BIN)/pytest -m "not real"

fuzz: $(VENV)/.dev ## Send the full count of malformed and generated requests to an embedded server
	MEMLOOM_TEST_FUZZ=full $(BIN)/pytest -s tests/fuzz

check: format lint types arch contracts ## Format, lint, types, import rules, contracts

format: $(VENV)/.dev ## Check the formatting
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev ## Lint
	$(BIN)/ruff check .

types: $(VENV)/.dev ## Type-check
	$(BIN)/mypy services tests evals bench deploy

arch: $(VENV)/.dev ## Check the import rules
	$(BIN)/lint-imports

contracts: $(VENV)/.dev ## Check that proto/ equals the catalogue and the event types
	$(BIN)/memloom topics export --check

proto: ## Generate the protobuf stubs
	$(BIN)/python -m grpc_tools.protoc --proto_path=proto --python_out=services/kernel/pb --pyi_out=services/kernel/pb --grpc_python_out=services/kernel/pb proto/memloom/v1/*.proto

stack: $(VENV)/.base ## Start real servers (no containers) and the six services on them
	$(BIN)/python deploy/stack/stack.py up
	$(BIN)/python deploy/stack/stack.py up services

stack-down: $(VENV)/.base ## Stop what `make stack` started
	$(BIN)/python deploy/stack/stack.py down

test-real: $(VENV)/.dev ## Run the contract, end-to-end and fault tests on real servers
	$(BIN)/python deploy/stack/stack.py up
	eval "$$($(BIN)/python deploy/stack/stack.py env --tests --export)" && $(BIN)/pytest -m real

storm: $(VENV)/.dev ## Run each fault as a storm of 200 documents (an hour)
	$(BIN)/python deploy/stack/stack.py up
	eval "$$($(BIN)/python deploy/stack/stack.py env --tests --export)" && MEMLOOM_TEST_STORM=200 $(BIN)/pytest -m real -s tests/chaos/stack/test_faults.py

DATA ?= ../shared/data
EMBEDDER ?= none
eval: $(VENV)/.dev ## Measure quality on the data sets in DATA; writes docs/quality.md
	$(BIN)/python -m evals.search_eval --data $(DATA) --embedder $(EMBEDDER) --write docs/quality.md --json build/quality.json
	$(BIN)/python -m evals.product contextual feedback messages structure --data $(DATA)/scenarios --embedder $(EMBEDDER) --write docs/quality.md --json build/scenarios.json
	$(BIN)/python -m evals.corrections --data $(DATA)

bench: $(VENV)/.dev ## Measure speed beside the raw engine in the same run
	$(BIN)/python -m bench.search_index
	$(BIN)/python -m bench.search_rest --points 10000 100000

pins: | $(UV) ## Compile the pinned requirements again
	cd requirements && for set in uv base dev; do $(abspath $(UV)) pip compile --quiet --universal --no-header --no-annotate --generate-hashes --python-version 3.11 $$set.in -o $$set.txt; done

clean: ## Remove what was generated
	rm -rf $(VENV) build *.egg-info services/kernel/pb/memloom
