# Thin over tools/setup.py and the torget command. `make up ARGS="--port 8080"` passes options on.
PYTHON ?= python3
BIN := .venv/bin
# Tests wait for servers and browsers half their time: one worker more than there are cores, at most four.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(min(4, (os.cpu_count() or 1) + 1))")
.DEFAULT_GOAL := help
.PHONY: help up test check bench test-peers format lock messages clean

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

up: ## Set up what is missing and open the square with the example municipality
	@$(PYTHON) tools/setup.py run
	@exec $(BIN)/torget up $(ARGS)

test: ## Set up what is missing and pass every test, on up to four cores (ARGS="-n0" on one)
	@$(PYTHON) tools/setup.py dev
	@$(MAKE) --no-print-directory check
	@$(BIN)/torget assets
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## The fast part: style, types, layers, templates, migrations, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy torget tools
	$(BIN)/lint-imports
	$(BIN)/djlint torget --lint --quiet
	$(BIN)/python tools/markup.py
	$(BIN)/torget manage makemigrations --check --dry-run
	$(BIN)/python tools/messages.py

bench: ## Measure everything that has a limit, then kill processes two hundred times
	@$(PYTHON) tools/setup.py dev
	$(BIN)/torget bench all --json
	ENDURANCE_KILLS=200 GROWTH=whole $(BIN)/pytest -m "endurance or growth" $(ARGS)

test-peers: ## Only the tests against real servers
	@$(PYTHON) tools/setup.py dev
	$(BIN)/pytest -m "mail or peer or heavy" $(ARGS)

format: ## Put the code in house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/markup.py --write

messages: ## Bring new texts into the translation files
	$(BIN)/python tools/messages.py --update

lock: ## Renew the locked versions
	tools/lock.sh
