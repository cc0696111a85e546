#!/bin/sh
# Make .venv with exactly the versions of requirements.lock. Needs Python 3.11 or newer, nothing else.
set -eu
cd "$(dirname "$0")/.."

newest_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is needed; none was found." >&2
    return 1
}

python=$(newest_python)
echo "Preparing the environment (.venv) with $("$python" --version) …"
if [ ! -x .venv/bin/python ]; then
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python "$python" .venv
    elif ! "$python" -m venv .venv 2>/dev/null; then
        rm -rf .venv
        echo "'$python -m venv' does not work; on Debian: apt-get install python3-venv" >&2
        exit 1
    fi
fi

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8,<1'
    uv=.venv/bin/uv
fi
"$uv" pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock
"$uv" pip install --quiet --python .venv/bin/python --no-deps -e .
