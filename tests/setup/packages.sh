#!/usr/bin/env bash
# Installs the system packages that are missing: packages.sh COMMAND...
# Through apt-get (as root or with sudo that asks nothing) or brew; else prints the one line to run, and fails.
set -euo pipefail

package_of() { # the package that brings a command, on Debian ($2 = apt) or macOS ($2 = brew)
  case "$1" in
    bwrap) echo bubblewrap ;;
    rsvg-convert) [ "$2" = apt ] && echo librsvg2-bin || echo librsvg ;;
    venv) [ "$2" = apt ] && echo python3-venv || echo python ;;
    npm) [ "$2" = apt ] && echo npm || echo node ;;
    *) echo "$1" ;;
  esac
}

is_there() {
  case "$1" in
    venv) python3 -c 'import ensurepip' 2>/dev/null ;;
    bwrap) [ "$(uname)" != Linux ] || command -v bwrap >/dev/null ;; # exists for Linux only
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
for name in "$@"; do
  is_there "$name" || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if command -v apt-get >/dev/null; then kind=apt; else kind=brew; fi
packages=()
for name in "${missing[@]}"; do
  packages+=("$(package_of "$name" "$kind")")
done
echo "missing: ${missing[*]}"

if [ "$kind" = apt ]; then
  line="apt-get install -y --no-install-recommends ${packages[*]}"
  if [ "$(id -u)" = 0 ]; then
    as_root=(env)
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo)
  else
    echo "Run this, then start again:  sudo $line" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  echo "installing: ${packages[*]}"
  # Package lists are absent or old on a fresh machine, and fetching them takes a while: only when it does not go without.
  "${as_root[@]}" $line -qq </dev/null >/dev/null 2>&1 || {
    "${as_root[@]}" apt-get update -qq </dev/null
    "${as_root[@]}" $line -qq </dev/null >/dev/null
  }
elif command -v brew >/dev/null; then
  echo "installing: ${packages[*]}"
  brew install --quiet "${packages[@]}" </dev/null
else
  echo "Install these with your system's package manager, then start again:  ${packages[*]}" >&2
  exit 1
fi

for name in "${missing[@]}"; do
  is_there "$name" || { echo "$name is still missing" >&2; exit 1; }
done
