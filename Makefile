# Each target does all set-up itself (cmake/setup.sh) and repeats nothing that is done.
# Everything is in CMake; this is the short way in.
#   make build | demo | test | test-targets | test-mpi | mpi | test-notebooks | docs | web | report-page | report-pictures | vscode | sweep | mutants | bench | bench-peers
#   make format | check-format | check-python | test-python-extras | tidy | install PREFIX=… | wheel | test-wheel | dist
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
# On a terminal ninja shows its progress in one line; in a log it is silent unless something fails.
NINJA = ninja -j $(JOBS) $(shell test -t 2 || echo --quiet)

build: build/build.ninja
	@$(NINJA) -C build

# An existing build folder keeps its preset: `cmake --preset dev` once, and make follows.
build/build.ninja: | setup
	@cmake --preset release

setup:
	@cmake/setup.sh $(PACKAGES)

demo: build
	@if [ -e examples/demo.sh ]; then examples/demo.sh; else build/linnet --version; fi

# A variable of a target holds for what it stands on: these install more packages.
test: PACKAGES = test
test: build
	@ctest --test-dir build -LE '^(targets|mpi)$$' --output-on-failure -j $(JOBS)

# Kernels, ops, models, streams and calls on every target, under emulators and in a browser.
test-targets: PACKAGES = targets
test-targets: build
	@ctest --test-dir build -L '^targets' --verbose -j $(JOBS)

# Training by several processes under Open MPI and MPICH: ten minutes.
test-mpi: PACKAGES = mpi
test-mpi: build
	@ctest --test-dir build -L '^mpi$$' --verbose

# The library by which training calls the MPI whose mpicc this is: build/liblinnet-mpi.so, which
# `make install` takes along. It needs nothing else of linnet (docs/training.md).
MPICC ?= mpicc
mpi:
	@mkdir -p build
	@$(MPICC) -std=c99 -O2 -fPIC -shared -I . runtime/mpi/linnet_mpi.c -o build/liblinnet-mpi.so

# The notebooks of examples/notebooks: each runs, and prints what stands in it. UPDATE=1 writes what
# they print into them; TORCH=1 installs PyTorch (3 GB) and takes from_pytorch.ipynb along.
test-notebooks: build
	@tests/notebooks/run.sh build $(if $(TORCH),--torch) $(if $(UPDATE),--update)

# The site: build/docs/index.html, from docs/, the READMEs and the Python package's docstrings, after
# the blocks of its pages have run.
docs: build/build.ninja
	@$(NINJA) -C build linnet linnet_api
	@ctest --test-dir build -R '^newcomer\.' --output-on-failure -j $(JOBS)
	@docs/site/build.sh build/docs

# The page of examples/web: build/web/index.html.
web: PACKAGES = targets
web: build
	@node examples/web/build.mjs --linnet build/linnet --out build/web/index.html

# The page that `linnet report` fills, again from its sources: report/page.html, which is checked in.
report-page: PACKAGES = targets
report-page: setup
	@node report/build.mjs --check-types

# The pictures of docs/tour.md, again, in palettes of 128 colours; needs Debian's pngquant.
report-pictures: PACKAGES = targets
report-pictures: build
	@node report/build.mjs --out build/report/page.html
	@LINNET=build/linnet LINNET_REPORTS=build/report node report/test/pictures.mjs

# The extension for VS Code: build/linnet.vsix (docs/editors.md).
vscode: PACKAGES = targets
vscode: setup
	@editors/vscode/build.sh build/vscode && cp build/vscode/linnet.vsix build/linnet.vsix

# Every legal schedule of every kernel family against the evaluator; the suite tries a sample.
sweep: build
	@LINNET_SWEEP=full build/tests/linnet_codegen_test --gtest_filter='*Sweep*' --gtest_brief=1

# 2,000 random models of the language's layers against the evaluator; the suite tries 40.
random-layers: build
	@LINNET_LAYERS=2000 build/tests/linnet_codegen_test --gtest_filter='RandomLayers.*' --gtest_brief=1

# Faults put into the program one at a time, each of which the suite must find (about an hour);
# ONLY=NAME,NAME tries these.
mutants: setup
	@tests/mutants/mutants.py --worktree build-mutants $(if $(ONLY),--only $(ONLY))

# linnet beside ONNX Runtime and C loops, then its kernels beside the machine's peak: two minutes.
bench: build
	@$(NINJA) -C build benchmarks
	@benchmarks/run.sh build

# Training with samples in memory and without; three minutes.
bench-streaming: build
	@.venv/bin/python benchmarks/streaming.py build/linnet

# Training by shards and threads; two minutes.
bench-shards: build
	@benchmarks/shards.py build/linnet

# Training by one process and by two of MPI; two minutes.
bench-mpi: PACKAGES = mpi
bench-mpi: build mpi
	@benchmarks/mpi.py build/linnet --mpi $(if $(findstring Open MPI,$(shell $(MPICC) --showme:version 2>&1)),openmpi,mpich)

# Training by 1 … 1,024 processes of MPI, simulated, beside what 1, 2 and 4 take here, as root also
# between network namespaces: docs/training_scaling.svg, and the tables of docs/training.md; half an hour.
# MEASURED=build/scale/measured.json takes what an earlier run measured: two minutes.
bench-scale: PACKAGES = mpi
bench-scale: build
	@$(NINJA) -C build exchange_moves message_times step_times
	@test -x build/scale/venv/bin/python || python3 -m venv build/scale/venv
	@build/scale/venv/bin/pip install -q --disable-pip-version-check $$(grep -oE '^(numpy|matplotlib)==[0-9.]*' benchmarks/peers/requirements.txt)
	@MPLCONFIGDIR=build/scale/matplotlib build/scale/venv/bin/python -B benchmarks/scale.py build $(if $(MEASURED),--measured $(MEASURED))

# linnet beside ONNX Runtime, OpenVINO, LiteRT and ncnn, which come from PyPI (2 GB): writes
# docs/benchmarks.md in half an hour; QUICK=1 a shorter page into build/bench-peers in two minutes;
# SET=public networks that everybody knows, with random weights: docs/benchmarks_public.md.
bench-peers: build
	@benchmarks/peers/run.sh build $(if $(QUICK),--quick) $(if $(SET),--set $(SET))

# The tests under the sanitizers.
asan-ubsan tsan: setup
	@cmake --preset $@ && $(NINJA) -C build-$@ && ctest --preset $@ -j $(JOBS)

tidy: setup
	@cmake --preset tidy && $(NINJA) -C build-tidy

format check-format: build/build.ninja
	@$(NINJA) -C build $@

# Types and style of the Python package and its tests, by mypy and ruff in an environment of their own.
check-python: setup
	@test -x build/check-python/bin/ruff || python3 -m venv build/check-python
	@build/check-python/bin/pip install -q --disable-pip-version-check -r cmake/requirements-check.txt $$(grep -oE '^(numpy|safetensors)==[0-9.]*' cmake/requirements.txt)
	@cd python && ../build/check-python/bin/mypy --config-file mypy.ini linnet
	@build/check-python/bin/ruff check --config python/ruff.toml python/linnet tests/python tests/python_extras benchmarks/python
	@build/check-python/bin/ruff format --check --config python/ruff.toml python/linnet tests/python tests/python_extras benchmarks/python

# The Python package with torch, Keras, scikit-learn and statsmodels, which come from PyPI (6 GB with
# torch's): ten minutes.
test-python-extras: build
	@test -x build/python-extras/bin/python || python3 -m venv build/python-extras
	@build/python-extras/bin/pip install -q --disable-pip-version-check -c cmake/requirements.txt -r cmake/requirements-extras.txt $$(grep -oE '^(numpy|onnx|onnxruntime|safetensors|pytest)==[0-9.]*' cmake/requirements.txt)
	@PYTHONPATH=python build/python-extras/bin/python -B -m pytest -q -p no:cacheprovider --show-capture=no tests/python_extras

# The Python wheel, in build/dist: a compilation of its own in build-wheel, with LLVM inside.
wheel test-wheel dist: PACKAGES = wheel
wheel: setup
	@cmake/wheel.sh

# The wheel as a user gets it; PYTHONS="python3.10 python3.13" tries these.
test-wheel: $(if $(wildcard build/dist/*.whl),setup,wheel)
	@tests/wheel/run.sh build/dist/*.whl

# All files of a release, in build/dist.
dist: wheel
	@cmake/dist.sh

install: build
	@cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build build-*

.PHONY: build setup demo test test-targets test-mpi mpi test-notebooks docs web report-page report-pictures vscode sweep random-layers mutants bench bench-shards bench-mpi bench-scale bench-streaming bench-peers asan-ubsan tsan tidy format check-format check-python test-python-extras wheel test-wheel dist install clean
