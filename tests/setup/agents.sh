#!/usr/bin/env bash
# Installs the real agents that tests/e2e/agents drives, in the versions of agents/package-lock.json, and prints the
# folder with their commands and the Node.js that runs them: put it first on PATH. Into a cache outside the repository,
# one folder for each lock; quick when it is there. They take about 2 GB on disk; nothing of the user's npm is changed.
set -euo pipefail
cd "$(dirname "$0")"

cache="${XDG_CACHE_HOME:-$HOME/.cache}/cockpit-test-agents"
folder="$cache/$(cat agents/package.json agents/package-lock.json | cksum | tr ' ' -)-$(uname -s)-$(uname -m)"
commands="$folder/node_modules/.bin"

if [ ! -d "$folder" ]; then
  {
    command -v npm >/dev/null || ./packages.sh npm
    echo "installing the agents that the tests drive, once (a minute or two, about 2 GB): $folder"
    mkdir -p "$cache"
    building="$(mktemp -d "$cache/.building-XXXXXX")"
    trap 'rm -rf "$building"' EXIT
    cp agents/package.json agents/package-lock.json agents/.npmrc "$building"
    # Not `npm ci`: it refuses a lock without the binaries for other systems, and not every registry has them all.
    (cd "$building" && npm install --no-save --no-progress --loglevel=error </dev/null)
    cmp agents/package-lock.json "$building/package-lock.json"
    for name in node codex codex-acp claude-agent-acp gemini opencode; do
      [ -x "$building/node_modules/.bin/$name" ] || { echo "npm installed no $name" >&2; exit 1; }
    done
    # Beside, then renamed: who is interrupted leaves nothing that looks complete, and who was faster has won.
    [ -d "$folder" ] || mv "$building" "$folder"
  } >&2
fi
echo "$commands"
