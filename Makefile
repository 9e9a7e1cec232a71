# Two commands do everything: `make app` and `make test`. Only Python (3.11 or later) and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

.PHONY: app install test check format bench clean

app: $(VENV)/.app
	@exec $(BIN)/streamlit run app.py --server.port $(PORT)

install: $(VENV)/.app

$(VENV)/.app: pyproject.toml constraints.txt scripts/install.sh
	PYTHON=$(PYTHON) scripts/install.sh $(VENV)
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# A worker that crashed is not started again: it would run the same tests over and over. In the order
# of the folders, the long files with few tests do not come last, when only one worker has work left.
test: $(VENV)/.dev check
	scripts/browser.sh $(BIN)/python
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile \
		--max-worker-restart 0 --no-loadscope-reorder

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Every question of docs/performance.md, one after another; about an hour on two cores.
bench: $(VENV)/.dev
	$(BIN)/python benchmarks/athabasca.py
	$(BIN)/python benchmarks/mapping.py
	$(BIN)/python benchmarks/runtimes.py
	$(BIN)/python benchmarks/precision.py --scenes 24
	$(BIN)/python benchmarks/whole_scene.py
	$(BIN)/python benchmarks/stride.py --plot docs/performance/stride.png
	$(BIN)/python benchmarks/granule.py --plot docs/performance/size.png
	$(BIN)/python benchmarks/granule.py --whole --kill
	$(BIN)/python benchmarks/polygonizing.py
	$(BIN)/python benchmarks/distances.py
	$(BIN)/python benchmarks/tiles.py
	$(BIN)/python benchmarks/load.py

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
