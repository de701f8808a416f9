from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.providers.secrets import redact, secret_values

LETTERS = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2dE3f"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----"
SECRETS = {
    "openai": f"sk-{LETTERS}",
    "openai project": f"sk-proj-{LETTERS}_x-y",
    "anthropic": f"sk-ant-api03-{LETTERS}",
    "github": f"ghp_{LETTERS}",
    "github fine": f"github_pat_{LETTERS}",
    "gitlab": f"glpat-{LETTERS[:20]}",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "slack": "xoxb-1234567890-abcdef",
    "google": "AIza" + LETTERS[:35],
    "hugging face": f"hf_{LETTERS}",
    "npm": f"npm_{LETTERS[:36]}",
    "jwt": f"eyJhbGciOiJIUzI1NiJ9.eyJ{LETTERS}.{LETTERS}",
    "pem": PEM,
}


@pytest.mark.parametrize("name", SECRETS)
def test_tokens_are_taken_out_wherever_they_stand(name: str) -> None:
    secret = SECRETS[name]
    for before, after in (("", ""), ("key is ", " ok"), ("'", "'"), ("a=", "\nnext"), ("(", ")")):
        assert redact(before + secret + after) == f"{before}[redacted]{after}"
    line = json.dumps({"text": f"it is {secret}, see", "n": 1})
    assert json.loads(redact(line)) == {"text": "it is [redacted], see", "n": 1}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted]"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic [redacted]"),
        ('{"Authorization": "token abcdef"}', '{"Authorization": "token [redacted]"}'),
        ("curl -H 'X-Api-Key: 12345'", "curl -H 'X-Api-Key: [redacted]'"),
        ("bearer abcdefghijklmnop1234", "bearer [redacted]"),
        ("postgres://joe:s3cret!@db:5432/x", "postgres://joe:[redacted]@db:5432/x"),
        ("https://:tok@host/", "https://:[redacted]@host/"),
        ("export DB_PASSWORD=hunter2hunter2", "export DB_PASSWORD=[redacted]"),
        ('MY_API_KEY_2="abcdef0123456789"', 'MY_API_KEY_2="[redacted]"'),
        ("-----BEGIN PRIVATE KEY-----\nMIIE never ended", "[redacted]"),
    ],
)
def test_what_names_a_secret_is_kept_and_the_secret_is_not(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "task-runner sk-learn risk-free",
        "the bearer of bad news",
        "see https://example.com:8080/a@b and ssh://git@host/x",
        "TOKEN = get_token()",
        "MAX_TOKENS=4096",
        "PASSWORD=changeme",
        "monkey=1 KEYBOARD AKIAx",
        "self.authorization_required = True",
        "f00ba12 9e107d9d372bb6826bd81d3542a419d6",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_known_values_are_taken_out_in_every_spelling() -> None:
    env = {
        "MY_TOKEN": 'odd"value\\1234',
        "DATABASE_PASSWORD": "correct horse",
        "SECRET_PATH": "/run/secrets/x",
        "USE_TOKENS": "true",
        "TOKEN_LIMIT": "100000",
        "HOME": "/home/somebody",
        "SHORT_SECRET": "abc",
    }
    values = secret_values(env)
    assert values == {'odd"value\\1234', "correct horse"}
    assert redact('x odd"value\\1234 y correct horse z', values) == "x [redacted] y [redacted] z"
    assert json.loads(redact(json.dumps({"t": env["MY_TOKEN"]}), values)) == {"t": "[redacted]"}
    assert redact("nothing here", frozenset({"short"})) == "nothing here"


PIECES = [*SECRETS.values(), "Bearer ", "://", ":", "@", "TOKEN=", " ", "\n", '"', "x", "[redacted]"]


@given(st.lists(st.sampled_from(PIECES), max_size=6))
def test_redacting_twice_changes_nothing_more(parts: list[str]) -> None:
    once = redact("".join(parts))
    assert redact(once) == once


def test_hostile_length_costs_linear_time() -> None:
    started = time.process_time()
    for piece in (
        "eyJ",
        "sk-",
        "://a:",
        "TOKEN",
        "TOKEN=",
        "-----BEGIN PRIVATE KEY",
        "Bearer ",
        "A",
        "SG.",
        "authorization",
    ):
        redact(piece * 10_000)
    assert time.process_time() - started < 10
