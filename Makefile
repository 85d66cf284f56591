# Everything a newcomer needs: `make demo` to see it work, `make test` to know that it works.
# The first call makes .venv; nothing is installed outside this folder.

PYTHON ?= python3
# Further words for pip, for example an index that has a processor-only torch.
PIP_ARGS ?=

BIN := .venv/bin
READY := .venv/.ready
DEV := .venv/.dev
# Not all of torch and transformers need be compiled to bytecode: Python does it for what is imported.
INSTALL = $(BIN)/pip install --quiet --no-compile $(PIP_ARGS) -c constraints.txt

.PHONY: help demo uss test check bench nano clean

help:
	@echo "make demo    the worked example, from cards to a verdict and a report"
	@echo "make uss     the service of the worked example, on http://127.0.0.1:8321"
	@echo "make test    lint, types and tests"
	@echo "make check   lint and types only"
	@echo "make bench   the measured comparisons"
	@echo "make nano    train the embedded base model again (hours)"
	@echo "make clean   remove .venv and caches"

# torch first and pinned: left to the resolver, it may bring gigabytes for graphics cards that are not there.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) "torch==2.13.0"
	$(INSTALL) -e ".[train,uss]"
	@touch $@

$(DEV): $(READY)
	$(INSTALL) -e ".[dev]"
	@touch $@

demo: $(READY)
	$(BIN)/steady run examples/uss

uss: $(READY)
	$(BIN)/python -m examples.uss.service

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 || ls -d $$HOME/.cache/ms-playwright/chromium* >/dev/null 2>&1 \
	  || echo "no Chromium: the browser tests are skipped; to run them too: $(BIN)/playwright install chromium"
	$(BIN)/pytest --numprocesses auto --dist loadfile

# Those that need no file.
BENCHES := attacks false_alarms generate group_dpo load nested planted reports train
bench: $(DEV)
	@for name in $(BENCHES); do echo "== bench.$$name"; $(BIN)/python -m "bench.$$name" || failed="$$failed $$name"; done; \
	  echo "== with files of your own: python -m bench.check, bench.documents, bench.extract, bench.leaks"; \
	  test -z "$$failed" || { echo "over their bars or broken:$$failed"; exit 1; }

# Large blocks are kept by the process: else a third of the time goes into handing memory back to the kernel and forth.
nano: export MALLOC_MMAP_THRESHOLD_ = 4294967296
nano: export MALLOC_TRIM_THRESHOLD_ = 8589934592
nano: $(READY)
	$(BIN)/python -m nano.pretrain

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
