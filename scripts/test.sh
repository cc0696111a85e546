#!/bin/sh
# What CI runs is what people run: linters, types, tests on real servers, notebooks.
#   scripts/test.sh         everything, the slow tests in a size that fits CI
#   scripts/test.sh check   linters and types only
#   TOOLKIT_PROVE=1         the slow tests in full size
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
# The caller's own office must not be the tests'.
unset TOOLKIT_HOME TOOLKIT_DATABASE_URL TOOLKIT_CA_FILE TOOLKIT_VAULT TOOLKIT_VAULT_KEY_FILE TOOLKIT_LANG

step() { printf '\n== %s\n' "$*"; }

missing_packages() {
    while read -r package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
            printf '%s ' "$package"
    done <scripts/debian-packages.txt
}

install_packages() {
    missing=$(missing_packages)
    [ -z "$missing" ] && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        step "Debian packages: $missing"
        apt-get update -qq
        # shellcheck disable=SC2086  # one word a package
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
        missing=$(missing_packages)
        [ -z "$missing" ] && return
    fi
    echo "These Debian packages are missing; as root: apt-get install $missing" >&2
    exit 1
}

step "ruff"
"$bin/ruff" check .
"$bin/ruff" format --check .
step "mypy"
"$bin/mypy"
[ "${1:-}" = check ] && exit

install_packages
step "pytest, fast"
"$bin/python" -m pytest -q -n 2 --dist loadfile -m "not slow"
step "pytest, slow${TOOLKIT_PROVE:+, in full size}"
"$bin/python" -m pytest -q -m slow
step "notebooks (nbval)"
TOOLKIT_HOME=$(mktemp -d)
export TOOLKIT_HOME
trap 'rm -rf "$TOOLKIT_HOME"' EXIT
"$bin/python" -m pytest -q -p no:cacheprovider --nbval-lax --nbval-current-env notebooks
