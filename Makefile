# make demo: install, simulate a cohort, run everything on it, say where the report is.
PYTHON ?= python3
CORES ?= all
WORKERS ?= 2
BIN := .venv/bin
INSTALLED := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-slurm bench audit-benchmark lint format reference container lock clean
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(INSTALLED) ## the locked environment, in .venv

# torch comes first, by pip, whose settings may name a CPU build; uv does the rest fast and leaves torch alone.
# Where uv cannot be had or cannot reach the packages, pip does everything. Either way the packages are compiled once, here:
# a job is a process, and where Python may not write bytecode each would compile pandas and scikit-learn anew (3 s).
$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "promoternets needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	@echo "Installing the locked packages into .venv (once; one to three minutes) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements.txt)"
	@( $(BIN)/pip install --quiet --disable-pip-version-check uv 2>/dev/null \
	   && $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt 2>/dev/null ) \
	 || $(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

demo: $(INSTALLED) ## simulate a cohort with planted truth and run the whole workflow on it
	$(BIN)/snakemake --cores $(CORES) --configfile resources/demo.yaml --directory runs/demo --quiet reason host
	@echo
	@cat runs/demo/results/demo/summary.txt
	@echo
	@echo "Report: $(CURDIR)/runs/demo/results/demo/report.html"

test: $(INSTALLED) ## the whole test suite, in two processes (WORKERS=4 for more)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --durations 20

# Not in the lock, since its import slows every start of Snakemake; what it needs besides these two is in the lock.
SLURM_PLUGIN := snakemake-executor-plugin-slurm==2.8.0 snakemake-executor-plugin-slurm-jobstep==0.6.1

.venv-slurm/installed: Makefile | $(INSTALLED)
	@rm -rf .venv-slurm
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target .venv-slurm $(SLURM_PLUGIN)
	@touch $@

test-slurm: .venv-slurm/installed ## profiles/slurm on real SLURM daemons (apt-get install slurm-wlm munge)
	PYTHONPATH=$(CURDIR)/.venv-slurm $(BIN)/python -m pytest tests/slurm tests/workflow/test_cluster_profiles.py -m "not slow"

# What we are compared with, beside what the lock has; plink2 and bcftools are Debian's.
PEERS := bio2zarr==0.2.1 deeptools==3.5.6 deeptoolsintervals==0.1.9 numpydoc==1.11.0 plotly==7.1.0 py2bit==1.0.1 \
	pybigtools==0.3.0

.venv-bench/installed: Makefile | $(INSTALLED)
	@rm -rf .venv-bench
	@for peer in $(PEERS); do \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target .venv-bench $$peer \
	  || echo "$$peer cannot be installed; its rows will say so"; \
	done
	@touch $@

bench: .venv-bench/installed ## us and our peers in turn on the same input (ONLY=bins for some; apt-get install plink2 bcftools)
	PYTHONPATH=$(CURDIR)/tests/benchmarks:$(CURDIR)/workflow:$(CURDIR)/.venv-bench OMP_NUM_THREADS=1 \
	  $(BIN)/python -m bench --only "$(ONLY)"

audit-benchmark: $(INSTALLED) ## 36 simulated cohorts of known truth: does the audit see it?
	$(BIN)/python tests/benchmarks/audit.py --cores $(CORES)

lint: $(INSTALLED) ## ruff, snakefmt and Snakemake's own linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: $(INSTALLED) ## put every file in the form that lint asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/rules

reference: $(INSTALLED) ## write docs/configuration.md anew from the configuration's schema
	$(BIN)/python docs/write_configuration.py

# Snakemake asks conda for its version and platform first; the stand-in answers, since no environment is made.
container: $(INSTALLED) ## write Dockerfile anew: an image with every conda environment (docker build .)
	PATH="tests/stand_ins:$$PATH" $(BIN)/snakemake --containerize --configfile resources/demo.yaml > Dockerfile

lock: ## write requirements.txt anew from pyproject.toml, in a fresh environment
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet -e '.[test]'
	( grep '^#' requirements.txt; .venv-lock/bin/pip freeze --all --exclude-editable --exclude pip --exclude wheel \
	  | sed 's/+cpu$$//' | LC_ALL=C sort -f ) > requirements.new
	mv requirements.new requirements.txt
	rm -rf .venv-lock

clean: ## remove the demo, caches and the environment; results/ of your own cohorts stay
	rm -rf .venv .venv-lock .venv-slurm .venv-bench runs/demo .pytest_cache .ruff_cache .hypothesis
