#!/bin/sh
# Renew requirements.lock: every version pinned and hashed, for all platforms, no index named.
set -eu
cd "$(dirname "$0")/.."
uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --upgrade pyproject.toml -o requirements.lock
