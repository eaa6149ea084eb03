# `make run` and `make test` do all of the set-up themselves; `make help` tells the rest.

SHELL := /bin/bash
PORT ?= 8000
WORKERS ?= 2
VENV := .venv/bin
FLASK := $(VENV)/python -m flask --app wsgi
PYTEST := $(VENV)/python -m pytest -n $(WORKERS) --dist loadgroup
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/uv pip compile --quiet --universal \
	--python-version 3.11 --generate-hashes --annotation-style line \
	--no-strip-extras --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo setup test test-fast coverage lint format types layers migration lock upgrade clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## serve the portal at http://localhost:8000 (PORT=8001 for another port)
	@scripts/install-requirements requirements.txt
	@DOORWARD_DEMO="$${DOORWARD_DEMO:-on}" exec $(FLASK) serve --host 127.0.0.1 --port $(PORT) --prepare

demo: ## add the sample organisations and people to the database
	@scripts/install-requirements requirements.txt
	@DOORWARD_DEMO=on $(FLASK) demo

setup: ## install what the tests and the tools need
	@scripts/install-requirements requirements-dev.txt

test: setup ## run everything that CI runs
	@scripts/install-test-programs
	@$(MAKE) --no-print-directory lint types layers
	@$(PYTEST) $(ARGS)

test-fast: setup ## run the tests that need neither browser nor PostgreSQL (ARGS="-k pin" for fewer)
	@$(PYTEST) -m "not browser and not postgres" $(ARGS)

coverage: setup ## tell which lines of app/ no test runs
	@scripts/install-test-programs
	@$(PYTEST) --cov --cov-report term-missing $(ARGS)

lint: setup ## check the style of Python and templates
	@scripts/timed "ruff check" $(VENV)/ruff check --quiet .
	@scripts/timed "ruff format" $(VENV)/ruff format --quiet --check .
	@scripts/timed "djlint lint" $(VENV)/djlint --quiet --lint templates
	@scripts/timed "djlint format" $(VENV)/djlint --quiet --check templates

format: setup ## rewrite Python and templates in the house's style
	@$(VENV)/ruff check --quiet --fix . || true
	@$(VENV)/ruff format --quiet .
	@$(VENV)/djlint --quiet --reformat templates

types: setup ## check the types
	@scripts/timed "mypy" $(VENV)/mypy --no-error-summary

layers: setup ## check that nothing imports what stands above it
	@scripts/timed "import-linter" $(VENV)/lint-imports --no-logo

migration: setup ## write a migration for what changed in app/models (m="what changed")
	@test -n "$(m)" || { echo 'Say what changed: make migration m="sessions know their device"' >&2; exit 2; }
	@$(FLASK) db migrate --message "$(m)"
	@$(VENV)/ruff format --quiet migrations

lock: setup ## write requirements*.txt anew, keeping the versions that still fit
	@$(COMPILE) $(UPGRADE) --extra postgres --extra redis --output-file requirements.txt pyproject.toml
	@$(COMPILE) $(UPGRADE) --all-extras --constraints requirements.txt \
		--output-file requirements-dev.txt pyproject.toml

upgrade: ## lock the newest versions that pyproject.toml allows
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade

clean: ## remove what make and the tools made; instance/ stays
	@rm -rf .venv .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .coverage .coverage.* \
		dist test-results
	@find app migrations tests -name __pycache__ -prune -exec rm -rf {} +
