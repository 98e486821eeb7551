# `make demo` and `make test` need Python 3.11 or newer and make, nothing else: they make .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.PHONY: demo docs quick test check check-native check-web check-runtimes bench-language bench-classification-tagging bench-rivals bench-seq2seq bench-forecasting bench-speed bench-serve bench-browser fuzz kill soak clean

demo: .venv/ready
	$(BIN)/elman demo

# The drawings of docs/how-it-reads.md, in build/docs, of a model that is trained for them.
docs: .venv/ready
	$(BIN)/python docs/drawings.py build/docs

# Some fast tests of every package: an answer within a minute on two cores.
QUICK := tests/bench tests/kernels tests/recurrence/test_invariants.py tests/nn/test_components.py \
	tests/nn/test_attention.py tests/nn/test_tagger_network.py tests/nn/test_pretraining.py \
	tests/text/test_lines.py tests/text/test_words.py tests/text/test_files.py \
	tests/text/test_labelled.py tests/text/test_tagged.py tests/text/test_pairs.py \
	tests/text/test_series.py tests/text/test_vectors.py tests/data/test_corpus.py \
	tests/data/test_cache.py tests/tasks/test_infer_task.py tests/counts \
	tests/training/test_plan.py tests/training/test_samplers.py \
	tests/metrics/test_tagging.py tests/metrics/test_calibration.py \
	tests/metrics/test_forecasting.py tests/decoding/test_sampling.py \
	tests/explain/test_activations.py tests/explain/test_memory_span.py \
	tests/tasks/test_text_codec.py tests/tasks/test_seasonality.py \
	tests/tasks/test_tokenization.py tests/tasks/test_classification_inputs.py \
	tests/tasks/test_classification_objective.py tests/tasks/test_tagging_objective.py \
	tests/tasks/test_seq2seq_objective.py tests/tasks/test_inspect_labelled.py \
	tests/keyboard/test_memory.py tests/examples/test_digits_and_sunspots.py \
	tests/server/test_stores.py tests/export/test_hub.py tests/web/test_pages.py \
	tests/cli/test_start_up.py tests/cli/test_predict_lines.py tests/test_imports.py \
	tests/test_make.py

quick: .venv/ready
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(QUICK)

test: .venv/ready
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

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

# Exported graphs in the runtimes that can be installed here.
check-runtimes: .venv/ready
	@$(BIN)/pip install --quiet 'openvino>=2026.4,<2027' || \
		echo 'not checked in OpenVINO: it cannot be installed'
	@npm install --no-save --no-package-lock --no-audit --no-fund --silent 'onnxruntime-web@>=1.30 <2' || \
		echo 'not checked in onnxruntime-web: it cannot be installed'
	$(BIN)/pytest -rs tests/export/test_runtimes.py

bench-language: .venv/ready
	$(BIN)/python bench/language.py

bench-classification-tagging: .venv/ready
	$(BIN)/python bench/classification_tagging.py

bench-rivals: .venv/peers
	$(BIN)/python bench/rivals.py

bench-seq2seq: .venv/ready
	$(BIN)/python bench/seq2seq.py

bench-forecasting: .venv/ready
	$(BIN)/python bench/forecasting.py

bench-speed: .venv/peers
	$(BIN)/python bench/speed.py

bench-serve: .venv/ready
	$(BIN)/python bench/serving.py

# Ten thousand of each: damaged model files of every task, damaged data files of every format,
# requests that are valid and invalid by the OpenAPI schema of the server, and hostile ones.
fuzz: .venv/ready
	$(BIN)/python bench/fuzz_models.py --cases 650 --workers $(WORKERS)
	$(BIN)/python bench/fuzz_inputs.py --workers $(WORKERS)
	ELMAN_CASES=300 $(BIN)/pytest -s tests/server/test_openapi.py
	$(BIN)/python bench/hostile_requests.py

# Trainings, servers and a Redis that are killed at random moments, and full disks (as root).
kill: .venv/ready
	$(BIN)/python bench/kill.py

# A server under a mixed load for thirty minutes.
soak: .venv/ready
	$(BIN)/python bench/soak.py

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
