# Threefold. `make report` and `make test` do everything, on a machine with uv, or with Python 3.13 alone.
#   PYTHON=python       use this interpreter as it is (a conda environment, say) instead of the project's own .venv
#   FITS="coin mixture" build these only
#   DATA=houses.csv SCENARIO=regression OUTCOME=price
#                       fit your own data; also PREDICTORS, FORMULA, COLUMN, COLUMNS, COMPONENTS, FAMILY, HEADS, FLIPS, PRIOR,
#                       SCALE, NAME; and OPTIONS='--level 0.9' for anything else of python -m comparisons fit --help
#   SCENARIO=coin WORLDS=100000
#                       (study) how many simulated worlds; also PRIOR, TRUTH=fixed, SEED, SCHEDULER=tcp://host:8786
#   SCENARIO=coin SEED=7
#                       (handout) a fit, or a scenario whose data are simulated anew with that seed
#   JOBS=2              processes (default: one per core)

VENV := .venv
PYTHON ?= $(VENV)/bin/python
FITS ?=
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
ENVIRONMENT := $(if $(filter $(VENV)/bin/python,$(PYTHON)),$(VENV)/.complete)

# --option 'value' for a variable that is set; a quote in a value is its own word for the shell.
quoted = '$(subst ','\'',$($(1)))'
option = $(if $($(1)),--$(2) $(call quoted,$(1)))
OWN := DATA:data OUTCOME:outcome PREDICTORS:predictors FORMULA:formula COLUMN:column COLUMNS:columns COMPONENTS:components \
       FAMILY:family HEADS:heads FLIPS:flips PRIOR:prior SCALE:scale NAME:name
GIVEN = $(foreach pair,$(OWN),$(call option,$(word 1,$(subst :, ,$(pair))),$(word 2,$(subst :, ,$(pair))))) $(OPTIONS)
STUDIED := WORLDS:worlds PRIOR:prior TRUTH:truth SEED:seed SCHEDULER:scheduler
STUDY = $(foreach pair,$(STUDIED),$(call option,$(word 1,$(subst :, ,$(pair))),$(word 2,$(subst :, ,$(pair)))))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help report study handout test check format bench clean distclean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'
	@echo 'Options: FITS="coin mixture" (report), JOBS=2, PYTHON=python (an environment of your own)'
	@echo 'Your data: make report DATA=houses.csv SCENARIO=regression OUTCOME=price (more in the first lines of Makefile)'

report: $(ENVIRONMENT) ## Fit what is not up to date and build the site: reports/site/index.html
ifdef SCENARIO
	@$(PYTHON) -m comparisons fit $(call quoted,SCENARIO) $(GIVEN)
else ifneq ($(strip $(GIVEN)),)
	@echo 'make: name the model of your data: SCENARIO=regression (or coin, gaussian, logistic, mixture, family)' >&2; exit 2
else
	@$(PYTHON) -m reports --fit $(FITS) --jobs $(call quoted,JOBS)
endif

study: $(ENVIRONMENT) ## Simulate many worlds of one fit: coverage, bias, calibration (SCENARIO=coin WORLDS=100000)
ifndef SCENARIO
	@echo 'make: name the fit to study: make study SCENARIO=coin WORLDS=100000' >&2; exit 2
endif
	@$(PYTHON) -m comparisons study $(call quoted,SCENARIO) --jobs $(call quoted,JOBS) $(STUDY) $(OPTIONS)

handout: $(ENVIRONMENT) ## Print a page as PDF, with a version for students and the key (SCENARIO=coin; SEED=7 for new data)
ifndef SCENARIO
	@echo 'make: name the fit to print: make handout SCENARIO=coin' >&2; exit 2
endif
	@$(PYTHON) -m reports.handout $(call quoted,SCENARIO) $(call option,SEED,seed) --jobs $(call quoted,JOBS)

test: $(ENVIRONMENT) ## Run all tests
	@$(PYTHON) -m pytest -q -n $(JOBS) --dist loadgroup

check: $(ENVIRONMENT) ## Lint, format, types, and the fast tests
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@$(PYTHON) -m pytest -q -n $(JOBS) --dist loadgroup -m "not slow"

format: $(ENVIRONMENT) ## Format the code
	@$(PYTHON) -m ruff check --fix --quiet .
	@$(PYTHON) -m ruff format .

# PARTS="scenarios rows", SCENARIOS=coin, PEERS="compare pystan", CAP=30, QUICK=1: parts of it
BENCH := PARTS:parts SCENARIOS:scenarios PEERS:peers CAP:cap
bench: $(ENVIRONMENT) ## Measure Threefold beside its peers: benchmarks/results/table.md (QUICK=1: two minutes of it)
	@$(PYTHON) -m benchmarks.run $(if $(QUICK),--quick) \
	  $(foreach pair,$(BENCH),$(call option,$(word 1,$(subst :, ,$(pair))),$(word 2,$(subst :, ,$(pair)))))

clean: ## Remove results (those of your data too), site and caches
	rm -rf reports/results reports/site benchmarks/results .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -not -path './benchmarks/.environments/*' -prune -exec rm -rf {} +

distclean: clean ## ... and the environments
	rm -rf $(VENV) benchmarks/.environments

# The versions of uv.lock, with uv if it is there. Without it, Python's own venv and pip bring uv into the project's .venv.
$(VENV)/.complete: uv.lock pyproject.toml .python-version
	@if command -v uv >/dev/null 2>&1; then \
	  uv sync --frozen --quiet --compile-bytecode; \
	else \
	  { [ -x $(VENV)/bin/python ] || python3.13 -m venv $(VENV) 2>/dev/null || python3 -m venv $(VENV); } && \
	  $(VENV)/bin/python -c 'import sys; v = sys.version_info; sys.exit(0 if v[:2] == (3, 13) else f"Threefold needs Python 3.13 and found {v.major}.{v.minor}: install Python 3.13 or uv, and run make distclean")' && \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv && \
	  $(VENV)/bin/python -m uv sync --frozen --quiet --inexact --compile-bytecode; \
	fi
	@touch $@
