# What can be done here; `make` alone lists it. Needs make and Python 3.11 or newer, nothing else.

PYTHON ?= python3
DIR ?= demos/bartlett1932
SEED ?= 1932
BOTS ?= 10

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# What runs an experiment on this machine; tests and linters come with INSTALLED.
SMALL := $(VENV)/.small
PIP = $(BIN)/python -m pip install --disable-pip-version-check $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS))
CONSTRAINTS := $(wildcard constraints.txt)
# Without the theme's notice about other site generators.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
CHROMEDRIVER := $(shell command -v chromedriver)

ifneq ($(and $(CHROMIUM),$(CHROMEDRIVER)),)
BROWSER_TESTS :=
BROWSER_NOTE := Browser tests run in $(CHROMIUM).
else
BROWSER_TESTS := -m "not browser"
BROWSER_NOTE := Browser tests are left out: Chromium and chromedriver were not found. `make browser` installs them.
endif

# Folders whose tests need neither a server nor an emulated AWS.
UNIT_TESTS := tests/unit

# The JavaScript of pages is checked by tools that need Node.js; nothing else does.
NODE := $(shell command -v node)
NODE_TOOLS := node_modules/.installed
ifneq ($(NODE),)
JS_CHECK := js
JS_NOTE :=
else
JS_CHECK :=
JS_NOTE := JavaScript is not checked: Node.js was not found. Install Node.js 20 or newer to check it too.
endif

.DEFAULT_GOAL := help
.PHONY: help install demo test unit debug browser check js check-long api-check docs docs-serve pictures map vendored aws-evidence bench mutants rights clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "make %-13s %s\n", $$1, $$2}'

install: $(INSTALLED) ## make the virtual environment and install Petri with all it needs

$(SMALL): pyproject.toml requirements.txt $(CONSTRAINTS)
	@command -v $(PYTHON) > /dev/null || { \
	  echo "There is no $(PYTHON) on this machine. Install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Petri needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name a newer one: make PYTHON=python3.12" >&2; \
	  exit 1; }
	@echo "1/2 Making the virtual environment $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "2/2 Installing Petri into it, about 100 MB ..."
	@$(PIP) --editable '.[cli]'
	@touch $@

$(INSTALLED): $(SMALL)
	@echo "Installing what tests, linters and benches need ..."
	@$(PIP) --editable '.[dev]'
	@touch $@

demo: $(SMALL) ## run Bartlett (1932) with bots to the end and show how the story drifts
	@$(BIN)/petri debug demos/bartlett1932 --bots $(BOTS) --seed $(SEED) --exit --no-browser

debug: $(SMALL) ## serve an experiment for a person: make debug DIR=demos/rogers
	@$(BIN)/petri debug $(DIR)

test: $(INSTALLED) ## run every test, or some in one process: make test T=tests/unit/model/networks/test_gating.py
ifdef T
	@$(BIN)/python -m pytest -n 0 $(T)
else
	@echo '$(BROWSER_NOTE)'
	@$(BIN)/python -m pytest -n auto $(BROWSER_TESTS)
endif

unit: $(INSTALLED) ## run the fast tests: no process, no browser, nothing slow
	@$(BIN)/python -m pytest -n auto -m "not slow and not e2e and not browser" $(UNIT_TESTS)

check-long: $(INSTALLED) ## play random runs over each engine for an hour (MINUTES=60) and judge them
	@$(BIN)/python -m tests.checker --minutes $(or $(MINUTES),60)

api-check: $(INSTALLED) ## make many requests to the API from its OpenAPI document (EXAMPLES=100 for each operation)
	@PETRI_API_EXAMPLES=$(or $(EXAMPLES),100) $(BIN)/python -m pytest -n 0 tests/web/api/test_schema.py

check: $(INSTALLED) $(JS_CHECK) ## lint, check types, the direction of imports and the language; JavaScript too where Node.js is found
	@$(BIN)/ruff check .
	@$(BIN)/mypy --strict chalicelib petri infra
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.tools.words
	@test -z '$(JS_NOTE)' || echo '$(JS_NOTE)'

ifneq ($(NODE),)
js: $(NODE_TOOLS) ## lint the JavaScript of pages and check its types (needs Node.js 20 or newer)
	@npm run --silent lint
	@npm run --silent types
else
js:
	@echo "Node.js 20 or newer was not found, and the tools that check JavaScript need it. Install it, then run make js again." >&2
	@exit 1
endif

$(NODE_TOOLS): package.json .npmrc
	@echo "Installing the tools that check JavaScript into node_modules, about 130 MB ..."
	@npm install --no-progress
	@touch $@

coverage: $(INSTALLED) ## measure which lines and branches the tests run, or some of them: make coverage T=tests/unit
	@mkdir -p build/coverage
	@$(BIN)/python -m pytest -n auto $(BROWSER_TESTS) --cov --cov-report=html --cov-report=term $(T)
	@echo "build/coverage/html/index.html shows each line."

pictures: $(INSTALLED) ## photograph the dashboard of a simulated run for the documentation (needs Chromium)
	@$(BIN)/python -m tests.tools.dashboard.pictures

docs: $(INSTALLED) ## build the documentation into build/site, and check its links
	@$(MKDOCS) build --strict
	@echo "The documentation is in build/site/index.html."

map: $(INSTALLED) ## write the packages and their imports into ARCHITECTURE.md
	@$(BIN)/python -m tests.tools.code_map

vendored: $(INSTALLED) ## fetch the newest htmx and uPlot for the dashboard (ONLY=uplot@1.6.32), and write their table
	@$(BIN)/python -m tests.tools.dashboard.vendored_files $(ONLY)

docs-serve: $(INSTALLED) ## serve the documentation at http://127.0.0.1:8000, and build it again at each change
	@$(MKDOCS) serve --strict --dev-addr 127.0.0.1:8000

aws-evidence: $(INSTALLED) ## try on second implementations what moto can't show: DynamoDB, CloudFront's JavaScript, policies
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS)) --editable '.[dev,evidence]'
	@$(BIN)/python -m tests.tools.aws_evidence

bench: $(INSTALLED) ## measure participants a second, latencies and memory
	@$(BIN)/python -m bench

mutants: $(INSTALLED) ## change the code a little at a time and count what the tests notice (hours; ONLY=pattern, EVERY=number, WORKERS=number, SURVIVORS=1, T=tests)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,mutants]'
	@$(BIN)/python -m bench.mutants $(if $(ONLY),'$(ONLY)') $(if $(EVERY),--every $(EVERY)) $(if $(WORKERS),--workers $(WORKERS)) $(if $(SURVIVORS),--survivors) $(if $(T),--tests $(T))

browser: ## install Chromium and its driver, for the browser tests
ifneq ($(and $(CHROMIUM),$(CHROMEDRIVER)),)
	@echo "$(CHROMIUM) and $(CHROMEDRIVER) are there already."
else
	@if command -v apt-get > /dev/null; then \
	  as_root=; test "$$(id -u)" = 0 || as_root=sudo; \
	  $$as_root apt-get update --quiet && { \
	    $$as_root apt-get install --yes --no-install-recommends chromium chromium-driver || \
	    $$as_root apt-get install --yes --no-install-recommends chromium-browser chromium-chromedriver; }; \
	elif command -v brew > /dev/null; then \
	  brew install --cask chromium chromedriver; \
	else \
	  echo "Neither apt-get nor brew is here: install Chromium and its chromedriver by hand, both on the PATH." >&2; \
	  exit 1; \
	fi
endif

rights: $(INSTALLED) ## read anew which rights CloudFormation needs, and write them into docs/deploying.md
	@$(BIN)/python -m infra.aws.lifecycle.required_rights

clean: ## remove the virtual environment and what tools keep; runs/ and data/ stay
	@rm -rf $(VENV) node_modules build *.egg-info artifacts .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
