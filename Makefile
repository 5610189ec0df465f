# Gait Studio. `make app` opens the dashboard, `make test` runs everything that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONNOUSERSITE := 1

.PHONY: app demo docs test lint check env dev system browser clean

app: env ## open the dashboard
	@$(BIN)/python -m gait_core doctor --quiet
	@$(BIN)/python -m gait_core models fetch --quiet || true
	@$(BIN)/python -m app.launch

demo: env ## five simulated walks, a baseline, two later walks: the main job without a browser
	@$(BIN)/python -m gait_core models fetch --quiet
	@$(BIN)/python -m gait_core demo

test: dev browser ## everything that CI runs
	@$(BIN)/python -m gait_core models fetch --quiet
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 20

check: ## formatting, lint, types, and the words and sections of the docstrings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/unit/test_docstrings.py tests/unit/test_words.py tests/unit/test_readme.py

lint: dev check

docs: dev ## the page of the Python API, from the docstrings, into build/api
	$(BIN)/python -W error -m pdoc --docformat numpy --no-show-source --output-directory build/api gait_core.api

env: $(VENV)/.runtime system

dev: $(VENV)/.dev system

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Expected Python 3.11 or newer, but got %s. Install it, or name it: make PYTHON=python3.12" % sys.version.split()[0])'
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --python $(PYTHON) $(VENV); else $(PYTHON) -m venv $(VENV); fi

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing what Gait Studio needs (once, some minutes) …"
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python -r requirements.txt; else $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt; fi
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt; else $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt; fi
	@touch $@

# MediaPipe needs two system libraries. As root on Debian they are installed here; elsewhere `doctor` says how.
system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		ldconfig -p | grep -q libGLESv2.so.2 && ldconfig -p | grep -q libEGL.so.1 || \
		{ echo "Installing libegl1 and libgles2 …"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libegl1 libgles2 >/dev/null; }; \
	fi

# The browser tests drive Debian's Chromium.
browser:
	@if ! command -v chromium >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing chromium for the browser tests …"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	fi

clean: ## remove what was made here; the workspace with your data stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
