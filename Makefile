# Two commands matter: `make demo` and `make test`. Everything else is here for people who work on it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
SERVER ?= embedded
PYTHON := .venv/bin/python

.PHONY: help demo test prove lab voila check fast lock screenshots clean

help: ## Show this list.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/installed: pyproject.toml requirements.lock scripts/environment.sh
	@sh scripts/environment.sh
	@touch $@

demo: .venv/installed ## Onboard, sync and diagnose law-firm mailboxes on a mail server of its own (SERVER=dovecot: on Dovecot).
	@$(PYTHON) -m demo --server $(SERVER)

test: .venv/installed ## Everything CI checks: linters, types, the fast suite, a sample of the slow one, the notebooks.
	@sh scripts/test.sh

prove: .venv/installed ## Everything there is, in full size; takes long.
	@TOOLKIT_PROVE=1 sh scripts/test.sh

lab: .venv/installed ## Open JupyterLab on the onboarding notebook.
	@$(PYTHON) -m toolkit.forms.server lab

voila: .venv/installed ## Serve the onboarding form as a page of its own.
	@$(PYTHON) -m toolkit.forms.server voila

check: .venv/installed ## Linters and types only.
	@sh scripts/test.sh check

fast: .venv/installed ## The fast suite only.
	@$(PYTHON) -m pytest -q -m "not slow"

lock: ## Renew requirements.lock from pyproject.toml.
	@sh scripts/lock.sh

screenshots: .venv/installed ## Make the README's screenshots again.
	@$(PYTHON) -m demo.screenshots

clean: ## Remove the environment and everything made.
	rm -rf .venv demo-home dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
