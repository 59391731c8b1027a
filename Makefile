# csvdynamo: `make help` lists the commands. Each sets up what it needs, from Python 3.11 or later and make alone.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON  ?= python3
DATASET ?= ev_population
SOURCE  ?=
NAME     = # of a data set; some systems have a variable of this name
PRICES  ?=
REGION   = # likewise
OBJECT  ?=
EMAIL   ?=
VERSION ?=
BYTES   ?= 2000000000
ROWS    ?= 1000000
RUN      = # of a data set, by its id; likewise
RUNS    ?=
STREAMS ?= 2
SEED    ?=
ONLY    ?=

VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
READY  := $(VENV)/.ready node_modules/.ready
# The Migrations page: what it is built of, and what Airflow shows.
PAGE   := plugins/csvdynamo_airflow/page/main.umd.js
PAGE_READY   := page/node_modules/.ready
PAGE_SOURCES := $(wildcard page/*.ts page/*.json page/src/*.ts* page/src/*/*.ts*)
NPM     = PATH="$(CURDIR)/$(BIN):$$PATH" NODE_DISABLE_COMPILE_CACHE=1 npm

export SOURCE NAME RUN OBJECT DATASET EMAIL VERSION SEED ONLY PRICES
# What the shell tells Python is for other programs; commands/shell.py says what of the rest a local command takes over.
unexport $(filter-out PYTHONUTF8 PYTHONDONTWRITEBYTECODE,$(filter PYTHON%,$(.VARIABLES)))
export PYTHONUTF8 := 1
export PYTHONDONTWRITEBYTECODE :=

##@ Use it
.PHONY: demo
demo: $(READY) ## Take a CSV to DynamoDB on the embedded AWS [SOURCE=url-or-path] [OBJECT=path, of SOURCE=s3://…] [DATASET=ev_population] [KEEP_AWS=1] [SECURE=1]
	@$(PY) -m commands.demo --dataset "$$DATASET" --source "$$SOURCE" --object "$$OBJECT" $(if $(KEEP_AWS),--keep-aws) $(if $(SECURE),--secure)

.PHONY: describe
describe: $(VENV)/.ready ## Look at a CSV, and write a data set file for it [SOURCE=path-or-https-url] [NAME=cars] [FORCE=1]
	@$(PY) -m commands.describe --source "$$SOURCE" $(if $(NAME),--name "$$NAME") $(if $(FORCE),--force)

.PHONY: plan
plan: $(VENV)/.ready ## What a run would do with a CSV: rejects, write units, minutes, cost [SOURCE=path-or-https-url] [DATASET=…] [PRICES=file] [REGION=us-east-1]
	@$(PY) -m commands.plan --source "$$SOURCE" --dataset "$$DATASET" --prices "$$PRICES" $(if $(REGION),--region "$(REGION)")

.PHONY: rollback
rollback: $(VENV)/.ready ## Take the last run back: what it wrote or deleted is put back, as a run of its own [RUN=id] [DATASET=…] [ACCEPT=1] [DRY_RUN=1]
	@$(PY) -m commands.rollback --dataset "$$DATASET" --run "$$RUN" $(if $(ACCEPT),--accept) $(if $(DRY_RUN),--dry-run)

.PHONY: ui
ui: $(READY) $(PAGE) ## Airflow's UI, scheduler and triggerer, wired to the embedded AWS
	@$(PY) -m commands.ui --dataset "$$DATASET"

.PHONY: aws
aws: $(READY) ## The embedded AWS with the stack deployed, in the foreground, for airflow and aws by hand [SECURE=1]
	@$(PY) -m commands.aws --dataset "$$DATASET" $(if $(SECURE),--secure)

.PHONY: replay
replay: $(READY) ## The rows that a run left out, once more, while make aws or make ui runs: RUN=id [SOURCE=corrected rejects.csv] [DATASET=…]
	@$(PY) -m commands.replay $(if $(RUN),--run "$$RUN") --source "$$SOURCE" --dataset "$$DATASET"

.PHONY: deploy
deploy: $(READY) ## Deploy the stack to a real account [DATASET=…] [EMAIL=address]
	@$(PY) -m commands.deploy deploy --dataset "$$DATASET" --email "$$EMAIL"

.PHONY: bootstrap
bootstrap: $(READY) ## Renew the CDK's own stack in a real account, which the first deploy makes
	@$(PY) -m commands.deploy bootstrap --dataset "$$DATASET"

.PHONY: destroy
destroy: $(READY) ## Remove the stack from a real account; bucket and table stay
	@$(PY) -m commands.deploy destroy --dataset "$$DATASET"

.PHONY: mwaa
mwaa: $(VENV)/.ready $(PAGE) ## Build what Amazon MWAA takes, in build/mwaa [VERSION=3.3.1]
	@$(PY) -m commands.mwaa --version "$$VERSION"

##@ Work on it
.PHONY: test
test: $(READY) $(PAGE_READY) ## The whole test suite
	$(PY) -m pytest -n 4 --dist loadfile

.PHONY: test-fast
test-fast: $(VENV)/.ready ## The unit tests alone: no Airflow, no network
	$(PY) -m pytest tests/unit

.PHONY: coverage
coverage: $(VENV)/.ready $(PAGE_READY) ## Which lines the unit and integration tests run; fails below the floor in pyproject.toml
	$(PY) -m pytest -n 4 --dist loadfile tests/unit tests/integration --cov --cov-report=term

.PHONY: hooks
hooks: $(VENV)/.ready ## Let git check each commit with what `make lint` runs, the CDK's part aside
	$(PY) -m pre_commit install

.PHONY: test-compose
test-compose: $(VENV)/.ready ## The containers for real, on a Docker engine; ends with 3 where none can be had [INSTALL=1]
	@$(PY) -m commands.compose_trial $(if $(INSTALL),--install)

.PHONY: test-browser
test-browser: $(READY) $(PAGE) ## The Migrations page in a real browser, over make ui; ends with 3 where there is none [INSTALL=1]
	@$(PY) -m commands.browser_trial $(if $(INSTALL),--install)

.PHONY: pictures
pictures: $(READY) $(PAGE) ## Take the pictures of docs/ anew, in a real browser [INSTALL=1]
	@$(PY) -m commands.browser_trial --pictures $(if $(INSTALL),--install)

.PHONY: lint
lint: $(READY) $(PAGE_READY) ## ruff, mypy --strict, the page's types, import-linter, cdk-nag, cfn-lint, the ASL validator, known vulnerabilities, secrets
	@$(MAKE) --jobs=2 lint-types lint-rest

.PHONY: lint-types lint-rest
lint-types:
	$(PY) -m mypy
	@$(NPM) --prefix page run --silent check

lint-rest:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache
	$(PY) -m commands.lint_stack
	$(PY) -m commands.audit

.PHONY: bench
bench: $(READY) ## Measure everything, beside others' ways, and write bench/RESULTS.md; about an hour [ROWS=1000000] [BYTES=2000000000] [RUNS=5] [SOURCE=path]
	@$(PY) -m bench all --rows "$(ROWS)" --bytes "$(BYTES)" $(if $(RUNS),--runs "$(RUNS)") $(if $(SOURCE),--source "$$SOURCE")

.PHONY: load
load: $(READY) ## Migrate a million generated rows with the real DAG, and watch the memory [ROWS=1000000]
	@$(PY) -m bench load --rows "$(ROWS)"

.PHONY: chaos
chaos: $(READY) ## Migrate under injected faults and count every row [RUNS=60] [STREAMS=2] [SEED=…] [ONLY=number] [THROUGH_AIRFLOW=1] [VERSIONS=3]
	@$(PY) -m tests.chaos $(if $(RUNS),--runs "$(RUNS)") --streams "$(STREAMS)" $(if $(SEED),--seed "$$SEED") $(if $(ONLY),--only "$$ONLY") \
	  $(if $(THROUGH_AIRFLOW),--through-airflow) $(if $(VERSIONS),--versions "$(VERSIONS)")

.PHONY: docs
docs: $(VENV)/.ready ## Write the tables of docs/ and the JSON Schema from what is declared
	@$(PY) -m commands.docs

.PHONY: pins
pins: $(VENV)/.ready ## Renew requirements.txt, requirements-dev.txt and those of bench/ from their .in files
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-emit-package pip \
	  --custom-compile-command 'make pins' requirements.in --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-emit-package pip \
	  --custom-compile-command 'make pins' requirements-dev.in --output-file requirements-dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-emit-package pip \
	  --custom-compile-command 'make pins' bench/requirements-awswrangler.in --output-file bench/requirements-awswrangler.txt

.PHONY: clean
clean: ## Remove what the commands made, the virtual environment among it
	rm -rf build cdk/cdk.out $(VENV) node_modules page/node_modules $(dir $(PAGE))

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Set-up. A file is made last, so that a set-up that was stopped half way begins again.
$(VENV)/.ready: requirements.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "csvdynamo needs Python 3.11 or later; name one: make PYTHON=python3.12 …")'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo 'Installing the Python packages (a few minutes the first time) …'
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.ready: package.json package-lock.json | $(VENV)/.ready
	@echo 'Installing the CDK CLI …'
	@$(NPM) ci --silent --no-audit --no-fund --no-update-notifier
	@touch $@

page/node_modules/.ready: page/package.json page/package-lock.json | $(VENV)/.ready
	@echo 'Installing what the Migrations page is built with …'
	@$(NPM) --prefix page ci --silent --no-audit --no-fund --no-update-notifier
	@touch $@

plugins/csvdynamo_airflow/page/main.umd.js: page/node_modules/.ready $(PAGE_SOURCES)
	@echo 'Building the Migrations page …'
	@$(NPM) --prefix page run --silent build
	@touch $@
