# Every target sets up what it needs in .venv; second runs start at once.
#   make demo ARGS="--text 'pick up the bottle' --seed 3"      make test ARGS=test/core

ARGS ?=
BIN := $(CURDIR)/.venv/bin
STAMP := .venv/.setup_done
RECIPE := pyproject.toml setup.py CMakeLists.txt $(wildcard cmake/* scripts/*) \
	$(wildcard msg/*.msg srv/*.srv action/*.action interfaces/*/CMakeLists.txt interfaces/*/msg/*)

# The ROS 2 of .venv is used, also in a shell that has sourced another one.
unexport PYTHONPATH AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH RMW_IMPLEMENTATION
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE
export PATH := $(BIN):$(PATH)

.PHONY: help setup demo test check format clean
help:
	@echo 'make demo    bring the simulated cell up, say a sentence, see the object lifted'
	@echo 'make test    run the tests (not those marked slow)'
	@echo 'make check   format, lint, types, import rules'
	@echo 'make setup   only make .venv (PYTHON=/path/to/python3.x takes that Python)'
	@echo 'make format  rewrite the code as `make check` wants it'
	@echo 'make clean   remove .venv and every build product'

setup: $(STAMP)

$(STAMP): $(RECIPE)
	@scripts/setup.sh
	@touch $@

demo: $(STAMP)
	@$(BIN)/maskdexgrasp demo $(ARGS)

test: $(STAMP)
	@$(BIN)/python -m pytest -m 'not slow' $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build install log dist runs *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
