"""Where rules hit in a code base: one run of ast-grep for all of them, kept by the rule's own text."""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.bench.rules.corpora import cache

_MOST_HITS = 400_000


class Place(NamedTuple):
    """One hit: file, first and last line, counting from 1."""

    path: str
    line: int
    end_line: int


def hits_of(bodies: Sequence[Mapping[str, Any]], language: str, folder: Path) -> list[frozenset[Place]]:
    """Return where each rule hits, in their order. What was asked before is not asked again."""
    keys = [_key(body, language, folder) for body in bodies]
    wanted = {key: body for key, body in zip(keys, bodies, strict=True) if not _kept(key).exists()}
    names = list(wanted)
    for start in range(0, len(names), 20):
        part = names[start : start + 20]
        found = _scanned({key: wanted[key] for key in part}, language, folder)
        for key in part:
            _kept(key).write_bytes(pickle.dumps(frozenset(found[key])))
    return [pickle.loads(_kept(key).read_bytes()) for key in keys]


def _key(body: Mapping[str, Any], language: str, folder: Path) -> str:
    said = json.dumps([body, language, folder.name], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def _kept(key: str) -> Path:
    folder = cache() / "hits"
    folder.mkdir(exist_ok=True)
    return folder / key


def _scanned(bodies: Mapping[str, Mapping[str, Any]], language: str, folder: Path) -> dict[str, set[Place]]:
    found: dict[str, set[Place]] = {key: set() for key in bodies}
    with tempfile.TemporaryDirectory() as place:
        rules = Path(place) / "rules.yml"
        rules.write_text(
            yaml.safe_dump_all([{"id": key, "language": language, **body} for key, body in bodies.items()])
        )
        program = Path(sys.executable).with_name("ast-grep")
        command = (str(program), "scan", "--rule", str(rules), "--json=stream", "--no-ignore=vcs", ".")
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            for line in process.stdout:
                hit = json.loads(line)
                span, places = hit["range"], found[hit["ruleId"]]
                if len(places) < _MOST_HITS:
                    places.add(Place(hit["file"], span["start"]["line"] + 1, span["end"]["line"] + 1))
            assert process.stderr is not None
            said = process.stderr.read()
    if process.returncode not in (0, 1):
        raise RuntimeError(f"ast-grep refuses a rule: {said.decode(errors='replace')[:2000]}")
    return found
