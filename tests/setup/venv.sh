#!/usr/bin/env bash
# Makes or updates .venv: the exact versions of requirements.lock, then this project, editable.
# With uv where it is present, else with `python3 -m venv` and pip. Quick when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=.venv
stamp="$venv/.set-up"
inputs=(requirements.lock pyproject.toml tests/setup/venv.sh)
wanted="$(cat "${inputs[@]}" | cksum) $PWD"
is_new_enough='import sys; raise SystemExit(sys.version_info < (3, 11))'

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && "$venv/bin/python" -c "$is_new_enough" 2>/dev/null; then
  exit 0
fi
"$venv/bin/python" -c "$is_new_enough" 2>/dev/null || rm -rf "$venv"

find_python() {
  for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$name" -c "$is_new_enough" 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "Cockpit needs Python 3.11 or newer; found: $(python3 --version 2>&1 || echo none)." >&2
  echo "Install one (apt-get install python3 python3-venv, or brew install python), or install uv, which brings its own." >&2
  exit 1
}

if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
  echo "setting up $venv with $(uv --version | cut -d' ' -f1-2)"
  [ -d "$venv" ] || uv venv --quiet --python '>=3.11' "$venv"
  uv pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements.lock
  uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
else
  python="$(find_python)"
  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip' 2>/dev/null || tests/setup/packages.sh venv
    rm -rf "$venv"
    echo "setting up $venv with $("$python" --version) and pip (a minute or two)"
    "$python" -m venv "$venv"
  else
    echo "updating $venv with pip"
  fi
  pip=("$venv/bin/python" -m pip --disable-pip-version-check install --quiet)
  "${pip[@]}" --require-hashes -r requirements.lock
  "${pip[@]}" --no-deps --no-build-isolation -e .
fi
echo "$wanted" >"$stamp"
