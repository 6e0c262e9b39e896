# One recipe for people and for CI. Everything lands in .venv; nothing outside this folder is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow lint types contracts docs docs-check site screens prove wheel check bench clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("advisor needs Python 3.11 or newer; set PYTHON=" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(READY) ## Decide a real workload (contract renewal, 90 days), generate it, walk 120 customers through it, diagnose
	@$(BIN)/advisor recommend knowledge/workloads/contract-renewal.toml
	@rm -rf build/demo
	@$(BIN)/python -m starters.reference build/demo --customers 120
	@$(BIN)/advisor diagnose build/demo/simulation/telemetry.jsonl -o build/demo/diagnosis.txt; head -24 build/demo/diagnosis.txt

test: $(READY) ## Run the tests (browser and server tests skip where there is none)
	$(BIN)/python -m pytest -n 2 -m 'not slow'

test-slow: $(READY) ## Run the tests that take minutes
	$(BIN)/python -m pytest -n 2 -m slow

lint: $(READY) ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check types strictly
	$(BIN)/mypy

contracts: $(READY) ## Check that no room imports upward
	$(BIN)/lint-imports --no-cache

docs: $(READY) ## Write the generated parts of docs/ anew
	$(BIN)/python docs/generate.py

docs-check: $(READY) ## Check that the generated parts of docs/ are up to date
	$(BIN)/python docs/generate.py --check

site: $(READY) ## Build the documentation site; every warning is an error
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/site

screens: $(READY) ## Take the README's pictures anew (after make demo; needs Chromium)
	$(BIN)/python docs/screens.py

prove: $(READY) ## Prove the rule base over every answer vector that matters
	$(BIN)/python docs/prove.py

wheel: $(READY) ## Build a wheel from a clean clone and compare its work with the checkout's
	$(BIN)/python -m pytest -q tests/test_wheel.py -m slow

check: lint types contracts docs-check site test wheel ## What CI runs

bench: $(READY) ## Print the benchmarks (ratios against a baseline of the same run)
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

clean: ## Remove what make made
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
