#!/bin/sh
# Makes .venv with everything in requirements.lock and this package, editable.
# Runs in any POSIX shell, since it must speak clearly even where Python is too old or missing.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
cache="${XDG_CACHE_HOME:-$HOME/.cache}/quant-sessions-provider"
uv="$cache/uv-$UV_VERSION"
python="${PYTHON:-python3}"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# The whole state that .venv depends on; the folder is part of it, since scripts in .venv name it.
wanted() { pwd; cat pyproject.toml requirements.lock tools/setup.sh; }
ready() { [ -x .venv/bin/python ] && wanted 2>/dev/null | cmp -s - .venv/.ready && .venv/bin/python -c ''; }

check_python() {
    command -v "$python" >/dev/null ||
        fail "$python is not here. Install Python 3.10 or newer, or name one: make setup PYTHON=/path/to/python3"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "$("$python" --version 2>&1) is too old, 3.10 or newer is needed. Name another: make setup PYTHON=python3.12"
}

# uv is one file, kept in the cache: a second clone needs no pip to get it. Renamed into place, so never half there.
get_uv() {
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv module. Install it (Debian, Ubuntu: sudo apt install python3-venv), then run this again"
    mkdir -p "$cache"
    scratch=$(mktemp -d "$cache/.uv-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    "$python" -m venv "$scratch" &&
        "$scratch/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" &&
        mv -f "$scratch/bin/uv" "$uv" ||
        fail "uv $UV_VERSION could not be installed; the lines above say why"
}

install() {
    rm -rf .venv &&
    UV_PYTHON_DOWNLOADS=never "$uv" venv --quiet --python "$("$python" -c 'import sys; print(sys.executable)')" .venv &&
    export VIRTUAL_ENV="$PWD/.venv" &&
    "$uv" pip install --quiet --require-hashes -r requirements.lock &&
    "$uv" pip install --quiet --no-deps --no-build-isolation -e .
}

# One at a time in this folder; the lock goes with the process that holds it.
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
    say "Packages: making .venv from requirements.lock"
    [ -x "$uv" ] || get_uv
    install || fail "the packages could not be installed; the lines above say why"
    wanted > .venv/.ready
fi
