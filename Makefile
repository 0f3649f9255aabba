# Commands for people; .ci/run calls the same ones.  `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
ARGS :=

# Brian2 starts a make of its own: the flags, job server and level of this one must not reach it.
ALONE := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES

# make invents a CXX where none is set, so look for one that exists.
ifeq ($(origin CXX),default)
CXX :=
endif
ifeq ($(strip $(CXX)),)
CXX := $(shell for c in g++ c++ clang++; do command -v $$c >/dev/null 2>&1 && { echo $$c; break; }; done)
endif
export CXX

MODERN := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p $(MODERN) >/dev/null 2>&1 && { echo $$p; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help demo test newest lint docs figures bench overhead pruned clean compiler python

help: ## list the targets
	@echo "make TARGET [ARGS=\"...\"] [PYTHON=python3.12] [CXX=clang++]"
	@sed -n 's/^\([a-z]*\):.*## /    \1 /p' $(firstword $(MAKEFILE_LIST)) | awk '{t = $$1; $$1 = ""; printf "  %-8s%s\n", t, $$0}'

demo: $(VENV)/.installed ## install, then train with and without pruning on bundled images and show the table
	@echo "==> Demo: compiling the network and training it on 8x8 handwritten digits; nothing is downloaded for this."
	@$(ALONE) $(BIN)/spikeprune demo $(ARGS)

test: $(VENV)/.installed-dev ## install, then run all tests; ARGS="-k name" chooses some, ARGS="-n 2" uses two processes
	@echo "==> Tests: pytest $(ARGS); several compile a network, so allow some minutes."
	@$(ALONE) $(BIN)/python -m pytest $(ARGS)

newest: compiler ## a few tests with the newest Python and Brian2 that this machine can install, in .venv-newest
	@$(ALONE) .ci/newest

lint: $(VENV)/.installed-dev ## check style (ruff) and types (mypy)
	@echo "==> Lint: ruff, then mypy on model/spikeprune."
	@$(BIN)/ruff check .
	@$(BIN)/mypy

docs: $(VENV)/.installed-docs ## build the documentation into docs/_build/html; warnings are errors; ARGS="-D plot_gallery=0" runs no tutorial
	@echo "==> Documentation: into docs/_build/html; its tutorial compiles two networks the first time."
	@rm -rf docs/_build/html docs/api
	@$(ALONE) $(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html $(ARGS) docs docs/_build/html
	@echo "Open docs/_build/html/index.html."

figures: $(VENV)/.installed ## draw all figures into figures/out from stored results, without simulating; ARGS="RUN..." draws runs
	@echo "==> Figures: drawing from results/, into figures/out (PDF, PNG and a caption each)."
	@$(ALONE) $(BIN)/python figures/all.py $(ARGS)

bench: $(VENV)/.installed-dev ## time spikeprune, the floor and its peers side by side; ARGS="--neurons 400" chooses
	@echo "==> Benchmark: programs in turn, on an otherwise idle machine if you can; peers that are not installed are skipped."
	@$(ALONE) $(BIN)/python benchmarks/bench.py $(ARGS)

overhead: $(VENV)/.installed-dev ## what adaptive pruning costs by itself: time measured, energy and area estimated
	@echo "==> Overhead: trainings with and without the rule in turn, on an otherwise idle machine if you can."
	@$(ALONE) $(BIN)/python benchmarks/overhead.py $(ARGS)

pruned: $(VENV)/.installed-dev ## what pruning saves in wall time, in training and in inference
	@echo "==> Pruned: training and inference with and without removed synapses in turn, on an idle machine if you can."
	@$(ALONE) $(BIN)/python benchmarks/pruned.py $(ARGS)

clean: ## remove the environment, caches and build products; runs and pictures stay
	@echo "==> Clean: removing $(VENV), caches and build products; runs and pictures stay."
	@rm -rf $(VENV) .venv-newest build dist docs/_build docs/api docs/tutorial .pytest_cache .mypy_cache .ruff_cache model/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

compiler:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	printf '#include <vector>\nint main() { return std::vector<int>(1)[0]; }\n' > "$$folder/check.cpp" && \
	if [ -z "$(CXX)" ] || ! $(CXX) "$$folder/check.cpp" -o "$$folder/check" >/dev/null 2>&1; then \
		echo "No working C++ compiler ($(or $(if $(CXX),$(CXX) cannot compile a program),neither g++ nor c++ nor clang++ is there)): spikeprune compiles its networks, so install one with 'sudo apt-get install g++' (Debian, Ubuntu), 'sudo dnf install gcc-c++' (Fedora) or 'xcode-select --install' (macOS), or name yours with CXX=..." >&2; \
		exit 1; \
	fi

# Only an environment that has to be made needs a system Python.
python: compiler
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then exit 0; fi; \
	if [ -z "$(PYTHON)" ] || ! $(PYTHON) $(MODERN) >/dev/null 2>&1; then \
		echo "Python 3.11 or newer is needed and $(or $(PYTHON),python3) is $$($(or $(PYTHON),python3) -c 'import platform; print(platform.python_version())' 2>/dev/null || echo missing): install one with 'sudo apt-get install python3 python3-venv' (Debian, Ubuntu), 'sudo dnf install python3' (Fedora) or from python.org, or name yours with PYTHON=..." >&2; \
		exit 1; \
	fi; \
	if ! $(PYTHON) -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$(PYTHON) cannot make virtual environments because its modules venv and ensurepip are missing: install them with 'sudo apt-get install python3-venv' (Debian, Ubuntu), or name another Python with PYTHON=..." >&2; \
		exit 1; \
	fi

$(VENV)/.installed: setup.cfg pyproject.toml | python
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "==> Environment: creating $(VENV) with $$($(PYTHON) --version)."; \
		$(PYTHON) -m venv --clear $(VENV); \
	fi
	@echo "==> Install: spikeprune and what it needs, into $(VENV) (a minute or two the first time)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "==> Install: the test and lint tools, into $(VENV)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	@echo "==> Install: the documentation tools, into $(VENV)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@
