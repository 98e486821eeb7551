# `make demo` and `make test` need Python 3.11 or newer and make, nothing else: they make .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.PHONY: demo docs test check check-native check-web bench-language bench-classification-tagging bench-seq2seq bench-forecasting bench-speed bench-serve bench-browser fuzz-serve clean

demo: .venv/ready
	$(BIN)/elman demo

# The drawings of docs/how-it-reads.md, in build/docs, of a model that is trained for them.
docs: .venv/ready
	$(BIN)/python docs/drawings.py build/docs

test: .venv/ready
	$(BIN)/pytest -n $(WORKERS)

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The core's own tests under sanitizers, here and, where the tools are at hand, for ARM.
ARM := aarch64-linux-gnu
NATIVE_TESTS := cmake --log-level=WARNING -S native -DELMAN_TESTS=ON

check-native:
	@command -v cmake >/dev/null || { echo 'make check-native needs cmake' >&2; exit 1; }
	$(NATIVE_TESTS) -B build/check-native
	cmake --build build/check-native --parallel $(WORKERS)
	build/check-native/core_test
	build/check-native/steps_test
ifeq ($(shell command -v $(ARM)-g++ 2>/dev/null),)
	@echo 'not checked for ARM: there is no $(ARM)-g++'
else
	$(NATIVE_TESTS) -B build/check-native-arm -DCMAKE_SYSTEM_NAME=Linux \
		-DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=$(ARM)-g++
	cmake --build build/check-native-arm --parallel $(WORKERS)
ifeq ($(shell command -v qemu-aarch64 2>/dev/null),)
	@echo 'compiled for ARM, not run: there is no qemu-aarch64'
else
	for test in core_test steps_test; do ASAN_OPTIONS=detect_leaks=0 \
		qemu-aarch64 -L /usr/$(ARM) build/check-native-arm/$$test || exit 1; done
endif
endif

# The types of what runs in a browser: TypeScript reads them from its comments.
check-web:
ifeq ($(shell command -v npm 2>/dev/null),)
	@echo 'not checked for the browser: there is no npm'
else
	npm install --no-package-lock --no-audit --no-fund --silent
	npm run --silent check
endif

bench-language: .venv/ready
	$(BIN)/python bench/language.py

bench-classification-tagging: .venv/ready
	$(BIN)/python bench/classification_tagging.py

bench-seq2seq: .venv/ready
	$(BIN)/python bench/seq2seq.py

bench-forecasting: .venv/ready
	$(BIN)/python bench/forecasting.py

bench-speed: .venv/peers
	$(BIN)/python bench/speed.py

bench-serve: .venv/ready
	$(BIN)/python bench/serving.py

# Ten thousand requests and more, as OpenAPI allows them and as it does not.
fuzz-serve: .venv/ready
	ELMAN_CASES=300 $(BIN)/pytest -s tests/server/test_openapi.py

bench-browser: .venv/ready
	$(BIN)/python bench/browser.py
	$(BIN)/python bench/keyboard.py

.venv/peers: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

.venv/ready: pyproject.toml constraints.txt $(wildcard native/*.*)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv
