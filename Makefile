# `make demo` and `make test` need Python 3.11 or newer and make, nothing else: they make .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.PHONY: demo test check bench-language bench-reading bench-rewriting bench-speed clean

demo: .venv/ready
	$(BIN)/elman demo

test: .venv/ready
	$(BIN)/pytest -n $(WORKERS)

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench-language: .venv/ready
	$(BIN)/python bench/language.py

bench-reading: .venv/ready
	$(BIN)/python bench/reading.py

bench-rewriting: .venv/ready
	$(BIN)/python bench/rewriting.py
	$(BIN)/python bench/forecasting.py

bench-speed: .venv/peers
	$(BIN)/python bench/speed.py

.venv/peers: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv
