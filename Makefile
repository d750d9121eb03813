# make study    train, measure and report the shipped study        make test     run the tests
# make check    format, lint, types, layers and tests              make corpora  data of the other studies
PYTHON ?= python3
SIGNLAB_SHARED ?= ../shared
export SIGNLAB_SHARED
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: study test lint check corpora clean

study: .venv/installed
	$(BIN)/signlab run-study studies/ablations.yaml

test: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

check: lint test

corpora: corpora/signs3/corpus.json corpora/boston104/corpus.json

# The import appears whole or not at all, so its file is a safe stamp.
corpora/signs3/corpus.json: $(SIGNLAB_SHARED)/data/signs3.npz | .venv/installed
	rm -rf corpora/signs3 corpora/signs3-clips
	$(BIN)/python $(SIGNLAB_SHARED)/data/unpack.py $< corpora/signs3-clips
	$(BIN)/signlab corpus import mp-data corpora/signs3-clips --layout pose-hands --licence MIT --out corpora/signs3
	rm -rf corpora/signs3-clips

corpora/boston104/corpus.json: $(SIGNLAB_SHARED)/data/boston104/train_words.csv | .venv/installed
	$(BIN)/signlab corpus import boston104 $(dir $<) --licence MIT --out corpora/boston104

$(SIGNLAB_SHARED)/data/%:
	@echo "$@ is missing; say where the reference data is: make corpora SIGNLAB_SHARED=FOLDER" >&2; exit 1

# Stamps: a repeated make installs nothing unless a dependency changed.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable .
	touch $@

.venv/installed-dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable '.[dev]'
	touch .venv/installed $@

# Trained runs, reports and imported corpora stay.
clean:
	rm -rf .venv build dist signlab.egg-info .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
