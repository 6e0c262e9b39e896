# One recipe for people and for CI. Everything lands in .venv; nothing outside this folder is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow coverage lint types contracts docs docs-check site screens prove wheel mutants check bench clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("advisor needs Python 3.11 or newer; set PYTHON=" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

DEMO := build/demo
LOG := $(DEMO)/simulation/telemetry.jsonl
SAY = @printf '\n\033[1m%s\033[0m\n'

demo: $(READY) ## The whole loop on a real workload: decide, generate, run, diagnose, break, diagnose, watch, supersede
	@rm -rf $(DEMO) $(DEMO)-log && mkdir -p build
	$(SAY) '1. Decide: contract renewal, a 90-day window per customer'
	$(BIN)/advisor recommend knowledge/workloads/contract-renewal.toml
	$(SAY) '2. Generate the project, fill it in, and walk 120 customers through their 90 days'
	$(BIN)/python -m starters.reference $(DEMO) --customers 120
	$(SAY) '3. Diagnose the healthy run: nothing may be found (exit 0)'
	$(BIN)/advisor diagnose $(LOG) -o $(DEMO)/healthy.txt && head -3 $(DEMO)/healthy.txt
	$(SAY) '4. Break it: one defence after the other is switched off; a project with an event log adds the faults of P3'
	cd $(DEMO) && PYTHONPATH=src $(CURDIR)/$(BIN)/python -m contract_renewal drill --all
	$(BIN)/advisor scaffold knowledge/workloads/lead-warming.toml $(DEMO)-log --quiet > /dev/null
	cd $(DEMO)-log && for fault in P3-late-events P3-replay-divergence; do \
	  PYTHONPATH=src $(CURDIR)/$(BIN)/python -m lead_warming drill --fault $$fault || exit 1; done
	$(SAY) '5. Diagnose each: the fault that was injected is named with its first row, and no other'
	$(BIN)/python benchmarks/loop.py $(DEMO)/drill $(DEMO)-log/drill
	$(SAY) '6. All of it as one report (exit 1: found)'
	$(BIN)/advisor diagnose '$(DEMO)*/drill/*/without.jsonl' -f html -o $(DEMO)/drill.html; test $$? = 1
	$(BIN)/advisor diagnose '$(DEMO)*/drill/*/without.jsonl' -o $(DEMO)/drill.txt; test $$? = 1
	@sed -n 1,12p $(DEMO)/drill.txt
	$(SAY) '7. Hold the record against the run, and write the record that takes its place, with what was measured'
	@cp knowledge/workloads/contract-renewal.toml $(DEMO)/record-1.toml
	$(BIN)/advisor watch $(DEMO)/record-1.toml $(LOG) --supersede $(DEMO)/record-2.toml -o $(DEMO)/watch.txt && head -12 $(DEMO)/watch.txt
	@tail -5 $(DEMO)/record-2.toml; grep superseded_by $(DEMO)/record-1.toml
	$(SAY) 'Look at: $(DEMO)/drill.html, $(DEMO)/simulation/console/index.html, $(DEMO)/record-2.toml'

test: $(READY) ## Run the tests (browser and server tests skip where there is none)
	$(BIN)/python -m pytest -n 2 -m 'not slow'

test-slow: $(READY) ## Run the tests that take minutes
	$(BIN)/python -m pytest -n 2 -m slow

coverage: $(READY) ## Run the tests and say which lines and branches of advisor none of them takes; fails under 95 %
	$(BIN)/python -m pytest -n 2 -m 'not slow' --cov --cov-report=term-missing:skip-covered --cov-fail-under=95

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

mutants: $(READY) ## Mutate selection and the judge (hours); a mutant that no test notices must be explained
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'mutmut>=3.8,<4'
	$(BIN)/python tests/mutants.py

check: lint types contracts docs-check site test wheel ## What CI runs

bench: $(READY) ## Print the benchmarks (ratios against a baseline of the same run)
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

clean: ## Remove what make made
	rm -rf $(VENV) dist build mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis
