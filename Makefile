# Layerline. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PRINTERS ?= 1
PYTEST_WORKERS ?= 2
PYTHON_READY := $(VENV)/.ready
WEB_MODULES := web/node_modules/.ready
WEB_BUILT := web/dist/index.html
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(PYTHON_READY): requirements.lock deploy/dev/bootstrap.lock pyproject.toml
	@python=$$(deploy/dev/tools.sh python) && \
	  { [ -x $(BIN)/python ] || "$$python" -m venv $(VENV); }
	@echo "installing the Python packages ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/dev/bootstrap.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(WEB_MODULES): web/package.json web/package-lock.json
	@deploy/dev/tools.sh node
	@echo "installing the web app's packages ..."
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB_BUILT): $(WEB_MODULES) $(WEB_SOURCES)
	@echo "building the web app ..."
	@cd web && npm run --silent build -- --logLevel warn
	@touch $@

.PHONY: install
install: $(PYTHON_READY) $(WEB_BUILT) ## install all packages and build the web app

.PHONY: up
up: install ## run Layerline with simulated printers (PRINTERS=1) until Ctrl-C
	@exec $(BIN)/python -m deploy.local up --printers $(PRINTERS)

.PHONY: down
down: $(PYTHON_READY) ## stop a running Layerline
	@$(BIN)/python -m deploy.local down

.PHONY: demo
demo: install ## print a sample file from submission to done, and show each step
	@$(BIN)/python -m deploy.local demo

.PHONY: deps
deps: ## install what the tests need from the system
	@deploy/dev/deps.sh

.PHONY: lint
lint: $(PYTHON_READY) $(WEB_MODULES) ## check style, types, arrows and generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy contracts runtime services edge deploy tests samples
	$(BIN)/lint-imports
	$(BIN)/python -m tests.lint.budgets
	$(BIN)/python -m tests.lint.asvs
	cd web && npm run --silent lint

.PHONY: test
test: deps install ## run the tests
	$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) --dist loadscope -m "not long and not harness" \
	  --ignore tests/e2e tests
	$(BIN)/python -m pytest -q -m "not long" tests/e2e
	@cd web && npm test --silent

.PHONY: test-long
test-long: deps install ## run the long tier
	$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) -m long --ignore tests/e2e --ignore tests/chaos tests
	$(BIN)/python -m pytest -q -m long tests/e2e tests/chaos

.PHONY: bench
bench: install ## measure, against floors in the same run
	$(BIN)/python -m tests.bench

.PHONY: bench-big
bench-big: install ## measure what a long past costs: a million jobs, a million events
	$(BIN)/python -m tests.bench growth rebuild

.PHONY: chaos
chaos: install ## break the running system on purpose and check that nothing is lost
	$(BIN)/python -m tests.chaos

.PHONY: chaos-short
chaos-short: install ## the trials that every change must pass: 40, on a machine of any speed
	TRIALS=40 KILLS=0 MINUTES=20 RECOVERY_S=60 STACKS=2 $(BIN)/python -m tests.chaos

.PHONY: chaos-harness
chaos-harness: install ## take mechanisms out and check that chaos notices (5 min)
	$(BIN)/python -m pytest -q -m harness tests/chaos

.PHONY: audit
audit: $(PYTHON_READY) $(WEB_MODULES) ## ask the vulnerability databases about every part (needs the network)
	$(BIN)/python -m deploy.dev.audit

.PHONY: samples
samples: $(PYTHON_READY) ## slice and pack the sample files again (needs prusa-slicer)
	$(BIN)/python -m samples.build

.PHONY: lock
lock: $(PYTHON_READY) ## renew the lock files from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --all-extras pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --extra edge pyproject.toml deploy/edge/build.in \
	  --constraints requirements.lock --output-file deploy/edge/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --extra services pyproject.toml deploy/edge/build.in \
	  --constraints requirements.lock --output-file deploy/images/requirements.lock

.PHONY: docs
docs: $(PYTHON_READY) ## generate docs/openapi.json and docs/asyncapi.yaml
	$(BIN)/layerline openapi > docs/openapi.json
	$(BIN)/layerline asyncapi > docs/asyncapi.yaml

.PHONY: site
site: $(PYTHON_READY) ## make pages of the documentation and the API's reference in build/site
	@$(BIN)/python -m deploy.dev.site build/site
	@echo "build/site/docs/README.html"

.PHONY: clean
clean: ## remove what was built; data in .layerline stays
	rm -rf $(VENV) web/node_modules web/dist build *.egg-info
