# Each target first makes .venv and installs the pinned packages with the extras gx, sdv and dev, if they are not there.

PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt

.DEFAULT_GOAL := test
.PHONY: demo test torture lint bench

demo: $(INSTALLED)
	$(BIN)/synthrec demo

# Two processes of one thread each, for two cores; each takes whole files, whose tests share what is costly to make.
# It stands here and not in pyproject.toml, so that pytest alone runs the same tests in one process.
test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

torture: $(INSTALLED)
	TORTURE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/torture tests/security $(ARGS)

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(INSTALLED)
	$(BIN)/python benchmarks/real_sets.py $(ARGS)

# torch goes first and alone: its CPU build, where one is at hand, must be settled before sdv asks for torch.
$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "synthrec needs Python 3.11 or newer; name it: make PYTHON=..." >&2; exit 2; }
	@echo "installing the pinned packages into .venv (first time only, some minutes)"
	$(PYTHON) -m venv .venv
	$(PIP) torch
	$(PIP) --editable '.[gx,sdv,dev]'
	@touch $@
