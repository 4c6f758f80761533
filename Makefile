# Everything that users, maintainers and CI run. `make` alone lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := conformance generator spec tests

# For `make conformance URL=… TOKEN=…`; exported rather than passed on, so that no process list,
# log or report shows the token.
ifdef TOKEN
export CODER_SESSION_TOKEN := $(TOKEN)
endif
ifdef OTHER_TOKEN
export CODER_OTHER_TOKEN := $(OTHER_TOKEN)
endif
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup generate check test test-matrix browser-test conformance selftest seeds serve fuzz bench docs dist lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make conformance URL=https://coder.example.com TOKEN=… [OTHER_TOKEN=…] judges a server of yours."

setup: $(VENV)/.ready ## Create .venv with the locked tools (done by the other targets as needed)

$(VENV)/.tools: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, but $(PYTHON) is $$($(PYTHON) -V 2>&1); choose another one with make PYTHON=…" >&2; exit 1; }
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.ready: $(VENV)/.tools pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

generate: setup ## Regenerate generated/ from spec/
	@$(BIN)/python -m coder_generator

check: setup ## Lint the contract, find drift, lint and type-check the code
	@$(BIN)/python -m coder_spec
	@$(BIN)/python -m coder_conformance.trace
	@$(BIN)/python -m coder_generator --check
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy conformance generated generator spec tests
	@$(BIN)/basedpyright --level error

# Four workers, since many tests wait for timers and processes rather than for a core.
test: setup ## Run the project's own tests
	@$(BIN)/python -m pytest -n 4 $(ARGS)

browser-test: setup ## Try the HTML reports in Chromium, where one is installed
	@$(BIN)/python -m pytest tests/conformance/test_browser.py $(ARGS)

test-matrix: setup ## Test the wheel of the client on all Pythons found, with old and new libraries (needs uv)
	@$(BIN)/python -m tests.matrix

conformance: generate ## Judge the client and the embedded reference server, or the server at URL=…
	@$(BIN)/coder-conformance run $(if $(filter undefined,$(origin URL)),,--url '$(URL)') $(ARGS)

selftest: setup ## Run the suite on servers and clients that are wrong in one way each (hours)
	@$(BIN)/python -m tests.conformance.selftest $(ARGS)

seeds: setup ## Judge the healthy server and client with seeds 1 to 30 (about 40 minutes)
	@$(BIN)/python -m tests.conformance.seeds $(ARGS)

serve: setup ## Run the reference server on http://127.0.0.1:3000
	@$(BIN)/coder-reference-server --port 3000 $(ARGS)

bench: setup ## Measure the client and the reference server beside others
	@$(BIN)/python -m tests.bench $(ARGS)

docs: setup ## Build the documentation into build/docs/, with the list of all requirements
	@$(BIN)/python -m coder_conformance.trace --write
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "Written to build/docs/index.html"

fuzz: setup ## Send 100,000 odd requests to the reference server (about 12 minutes)
	@$(BIN)/python -m tests.reference.fuzz --requests 100000 $(ARGS)

dist: generate ## Build the wheel and the source distribution into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist .

lock: setup ## Resolve requirements/dev.in into requirements/dev.txt (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url requirements/dev.in --output-file requirements/dev.txt

clean: ## Remove .venv and everything that was built
	@rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
