#!/bin/sh
# Creates .venv with all packages of requirements.lock, and this package as editable.
# A POSIX shell script, because it must print a clear error where Python is missing or too old.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
cache="${XDG_CACHE_HOME:-$HOME/.cache}/quant-sessions-provider"
uv="$cache/uv-$UV_VERSION"
python="${PYTHON:-python3}"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Everything that .venv depends on. The folder is part of it, because scripts in .venv contain its path.
wanted() { pwd; cat pyproject.toml requirements.lock tools/setup.sh; }
ready() { [ -x .venv/bin/python ] && wanted 2>/dev/null | cmp -s - .venv/.ready && .venv/bin/python -c ''; }

check_python() {
    command -v "$python" >/dev/null ||
        fail "$python was not found. Install Python 3.10 or newer, or choose one: make setup PYTHON=/path/to/python3"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "$("$python" --version 2>&1) is too old, 3.10 or newer is required. Choose another: make setup PYTHON=python3.12"
}

# uv is one file, kept in the cache, so that a second clone needs no pip. It is renamed into place, so never incomplete.
get_uv() {
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv module. Install it (Debian, Ubuntu: sudo apt install python3-venv), then run this again"
    mkdir -p "$cache"
    scratch=$(mktemp -d "$cache/.uv-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    "$python" -m venv "$scratch" &&
        "$scratch/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" &&
        mv -f "$scratch/bin/uv" "$uv" ||
        fail "uv $UV_VERSION could not be installed; see the lines above"
}

install() {
    rm -rf .venv &&
    UV_PYTHON_DOWNLOADS=never "$uv" venv --quiet --python "$("$python" -c 'import sys; print(sys.executable)')" .venv &&
    export VIRTUAL_ENV="$PWD/.venv" &&
    "$uv" pip install --quiet --require-hashes -r requirements.lock &&
    "$uv" pip install --quiet --no-deps --no-build-isolation -e .
}

# One setup at a time in this folder. The kernel releases the lock when the process ends.
alone() {
    [ -z "${SETUP_ALONE:-}" ] || return 0
    export SETUP_ALONE=1
    exec "$python" -c 'import fcntl, os, sys
lock = os.open(".setup.lock", os.O_CREAT | os.O_RDWR, 0o600)
os.set_inheritable(lock, True)
fcntl.flock(lock, fcntl.LOCK_EX)
os.execvp("sh", ["sh", "tools/setup.sh"])'
}

if ! ready; then
    check_python
    alone
    say "Packages: creating .venv from requirements.lock"
    [ -x "$uv" ] || get_uv
    install || fail "the packages could not be installed; see the lines above"
    wanted > .venv/.ready
fi
