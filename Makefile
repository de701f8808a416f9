# One door for every habit. `make help` lists them.

PYTHON := .venv/bin/python
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
WORKERS ?= $(shell [ $(CORES) -gt 2 ] && { [ $(CORES) -lt 16 ] && echo $(CORES) || echo 16; } || echo 2)
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench docs picture lock clean venv packages agents

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## set up what is missing and see the whole loop on a sample repository (no model, no account)
	@echo "demo: a sample repository, several agents, a scripted model"
	@tests/setup/packages.sh git
	@tests/setup/venv.sh
	@.venv/bin/cockpit demo

test: ## set up what is missing, system packages too, then: make check, and all tests
	@echo "test: format, lint, strict types, then the tests with $(WORKERS) workers"
	@$(MAKE) --no-print-directory packages agents check
	@$(PYTHON) -m pytest -n $(WORKERS) -p no:cacheprovider -q --durations=15 --durations-min=0.5 $(TESTS)

check: venv ## format check, lint, strict types, our own rules; changes nothing
	@echo "check: ruff format --check, ruff check, mypy --strict, cockpit check --all"
	@status=0; \
		$(PYTHON) -m ruff format --check . || status=1; \
		$(PYTHON) -m ruff check . || status=1; \
		$(PYTHON) -m mypy || status=1; \
		.venv/bin/cockpit check --all || status=1; \
		exit $$status

format: venv ## format the code and fix what lint can fix
	@echo "format: ruff format, ruff check --fix"
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

bench: venv ## measure: every benchmark of tests/bench, one after the other
	@echo "bench: prints figures, judges none"
	@set -e; for file in tests/bench/bench_*.py; do \
		echo "== $$file"; $(PYTHON) -m "$$(echo "$${file%.py}" | tr / .)"; done

docs: venv ## write the generated parts of docs/ and README.md again
	@echo "docs: reference pages and pictures, from the code"
	@$(PYTHON) -m docs.generate

picture: venv packages agents ## record docs/screen-*.svg from real terminals: a mistake becomes a rule; five real agents
	@echo "picture: docs/screen-mistake, -forge, -rules and -agents.svg, from terminals, with a scripted model"
	@$(PYTHON) -m tests.e2e.heart_picture
	@$(PYTHON) -m tests.e2e.agents.picture

lock: ## pin the newest versions that pyproject.toml allows in requirements.lock (needs uv)
	@echo "lock: requirements.lock from pyproject.toml"
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-header --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

clean: ## remove .venv, caches and build products
	@echo "clean: .venv, caches, build products"
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@tests/setup/venv.sh

packages:
	@tests/setup/packages.sh git tmux bwrap

agents:
	@tests/setup/agents.sh >/dev/null
