# Everything a checkout needs, from a bare machine on: make, python3 (3.11 or newer) and git are enough.
# What is there already is not made again, so each target may be called at any time.
# ARGS is passed on:  make serve ARGS='--listen 127.0.0.1:50052'   make test ARGS='-k images'

PYTHON ?= python3
ARGS ?=

# Container images often set it, to keep their layers small; here it would have each process compile all of this anew.
unexport PYTHONDONTWRITEBYTECODE

bin := .venv/bin
engine := images/engine.sh

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup guest engine engine-installed engine-stop images serve demo learn test unit check check-python check-guest proto bench clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

serve: setup guest engine ## set up what is missing and serve on 127.0.0.1:50051
	@exec $(bin)/codecraft-server serve $(ARGS)

demo: setup guest engine ## play an episode against the running server, or one of its own
	@exec $(bin)/codecraft demo $(ARGS)

learn: setup guest engine ## train a small policy on real sandboxes and draw its learning curves
	@exec $(bin)/python -m examples.learn $(ARGS)

# An engine is installed while the dependencies are, and the guest is built while the images are: the one computes, the other mostly waits for packages.
test: ## run all the tests, with an engine of its own where none runs
	@$(MAKE) --no-print-directory --jobs=2 setup engine-installed
	@exec $(engine) with -- sh -c 'guest/build.sh & built=$$!; $(bin)/codecraft-server images; images=$$?; \
	    wait $$built && [ $$images -eq 0 ] && exec tests/run.sh "$$@"' tests/run.sh $(ARGS)

unit: setup guest ## run the tests that need neither engine nor server
	@exec tests/unit.sh $(ARGS)

# Continuous integration (.ci/run) names both parts, to run the first beside the tests.
check: setup ## lint, types, import rules, schema, generated code, Go
	@$(MAKE) --no-print-directory --jobs=2 check-python check-guest

check-python:
	$(bin)/python -m ruff check .
	$(bin)/python -m ruff format --check .
	$(bin)/python -m mypy
	$(bin)/lint-imports
	protos/check.sh
	$(bin)/python codecraft_client/aio/generate.py --check

check-guest:
	guest/check.sh

bench: setup guest engine ## measure what the service promises
	@exec $(bin)/python -m benchmarks $(ARGS)

proto: setup ## generate anew the Python of the schema, and the asynchronous client
	@protos/generate.sh
	@$(bin)/python codecraft_client/aio/generate.py

images: setup engine ## build the sandbox images that are missing or out of date
	@exec $(bin)/codecraft-server images $(ARGS)

guest: setup ## build the program that runs inside every sandbox
	@guest/build.sh

engine: ## see to it that a Docker Engine answers
	@$(engine) ensure

engine-installed: $(bin)/pip # which may have Debian packages to install itself, and those go one after the other
	@$(engine) install

engine-stop: ## stop the Docker Engine that `make` started, and no other
	@$(engine) stop

setup: .venv/.dependencies ## make .venv with all dependencies

# pip is the last thing that goes into a new environment: where it is there, the environment is whole.
$(bin)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh images/apt.sh python3-venv || \
	    { echo "this Python has no venv; on Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "making .venv"
	@$(PYTHON) -m venv .venv

# An old pip takes twice as long. What is imported is compiled when it is, and that is a small part of what there is.
.venv/.dependencies: pyproject.toml | $(bin)/pip
	@echo "installing the dependencies into .venv (about a minute the first time)"
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --upgrade pip || echo "going on with the pip that is there"
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev]'
	@touch $@

clean: ## remove what `make` made here; the engine and its images stay
	@rm -rf .venv dist guest/bin .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@[ ! -d .build ] || find .build -mindepth 1 -maxdepth 1 ! -name engine -exec rm -rf {} +
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
