# make run    installs what is missing, then runs the demo show (SECONDS=20 ends by itself, SHOW=… another show)
# make test   the same set-up, then lint, types and every test
#             (TESTS=tests/show only those)
# make safety all sequences that try to flash, of which make test has 40
# make fresh  both of these on a Debian 12 that has nothing yet, in a folder (root only; DEBIAN=13 another release)
# make bench  the speeds the README quotes, on this machine

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHOW ?= shows/first-light.yaml
SECONDS ?=
RUN_ARGS ?=
TESTS ?=
WORKERS ?= 3
DEBIAN ?= 12

.PHONY: run test setup setup-test lint types unit safety fresh bench clean

run: setup
	$(BIN)/reverie run $(SHOW) $(if $(DISPLAY)$(WAYLAND_DISPLAY),,--offscreen) $(if $(SECONDS),--seconds $(SECONDS)) $(RUN_ARGS)

test: setup-test lint types unit

setup: .make/system .make/venv

setup-test: .make/system-test .make/venv-test

.make/system: packaging/system.txt packaging/system-packages.sh
	@mkdir -p .make
	@packaging/system-packages.sh packaging/system.txt
	@touch $@

.make/system-test: .make/system packaging/system-test.txt
	@packaging/system-packages.sh packaging/system-test.txt
	@touch $@

$(BIN)/python: | .make/system
	@packaging/python-version.sh $(PYTHON)
	@echo "reverie: installing Python packages into $(VENV), once; this takes some minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

.make/venv: $(BIN)/python pyproject.toml constraints.txt
	@mkdir -p .make
	$(BIN)/python -m pip install --constraint constraints.txt --editable .
	@touch $@

.make/venv-test: .make/venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable ".[dev]"
	@touch $@

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

unit:
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(TESTS)

safety: setup-test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) -m safety tests/flashes tests/render/test_limited_sequences.py

fresh:
	@DEBIAN=$(DEBIAN) TESTS="$(TESTS)" packaging/fresh.sh

bench: setup
	$(BIN)/reverie bench pipeline $(SHOW) --seconds 65

clean:
	rm -rf $(VENV) .make .cache/fresh
