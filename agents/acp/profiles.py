"""What is known of the agents that speak ACP, as plain data. One that is not listed is driven by the protocol alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

_PROVIDER_KEYS = (
    *("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
    *("GOOGLE_GENERATIVE_AI_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY"),
)
_GOOGLE_CLOUD = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS")


@dataclass(frozen=True, slots=True)
class Profile:
    """One agent."""

    name: str
    programs: tuple[str, ...] = ()
    """File names of its program."""
    install: str = ""
    """How to get it, for people."""
    log_in: str = ""
    """What to run to log in, for people."""
    node_major: int = 0
    """The oldest Node.js that runs it; 0: any, or none needed."""
    mode: str = ""
    """The mode in which it asks before it acts; it is set explicitly, because defaults change. Empty: as it is."""
    variables: tuple[str, ...] = ()
    """Which of our variables hold its log-in and endpoint."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Further variables: nothing but the model is contacted, nothing updates itself."""
    home: Mapping[str, str] = field(default_factory=dict)
    """Variables that lead it to a configuration of the cockpit's, with the path below the cockpit's folder for it."""
    log_ins: Mapping[str, str] = field(default_factory=dict)
    """The person's log-in: path below HOME, and where it is looked for below the cockpit's folder."""
    state: tuple[str, ...] = ()
    """What it must be able to write below HOME, where it cannot be led elsewhere."""
    base_url: str = ""
    """The variable of its model endpoint."""
    api_key: str = ""
    """The variable of its key."""
    model: str = ""
    """The variable of its model; empty: the protocol sets it."""
    configures_model: bool = False
    """Its configuration, which we write, names the model; the protocol need not."""
    endpoint_arguments: tuple[str, ...] = ()
    """What its command needs in addition when the settings name an endpoint."""
    takes_second_prompt: bool = False
    """A prompt in the middle of a turn was seen to enter that turn, and to do no harm."""
    titles_are_commands: bool = False
    """What it calls a command is the command itself, whole, and it is not told otherwise."""
    confines_itself: bool = False
    """It has a sandbox of its own for its commands, which does not work well inside another."""


PROFILES = (
    Profile(
        name="claude",
        programs=("claude-agent-acp", "claude-code-acp"),
        install="npm install -g @agentclientprotocol/claude-agent-acp",
        log_in="`claude setup-token` and the token in CLAUDE_CODE_OAUTH_TOKEN, or ANTHROPIC_API_KEY",
        node_major=22,
        mode="default",
        variables=(
            *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL"),
            *("ANTHROPIC_SMALL_FAST_MODEL", "ANTHROPIC_CUSTOM_HEADERS", "CLAUDE_CODE_OAUTH_TOKEN"),
            *("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "ANTHROPIC_BEDROCK_BASE_URL"),
            *(
                "ANTHROPIC_VERTEX_PROJECT_ID",
                "CLOUD_ML_REGION",
                "AWS_REGION",
                "AWS_PROFILE",
                "AWS_BEARER_TOKEN_BEDROCK",
            ),
        ),
        env={
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "NO_BROWSER": "1",
        },
        home={"CLAUDE_CONFIG_DIR": ""},
        log_ins={".claude/.credentials.json": ".credentials.json"},
        base_url="ANTHROPIC_BASE_URL",
        api_key="ANTHROPIC_API_KEY",
        model="ANTHROPIC_MODEL",
    ),
    Profile(
        name="codex",
        programs=("codex-acp",),
        install="npm install -g @agentclientprotocol/codex-acp",
        log_in="`codex login`, or OPENAI_API_KEY",
        mode="workspace-write",
        variables=("OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL", "CODEX_PATH"),
        env={"NO_BROWSER": "1"},
        home={"CODEX_HOME": ""},
        log_ins={".codex/auth.json": "auth.json"},
        configures_model=True,
        confines_itself=True,
    ),
    Profile(
        name="gemini",
        programs=("gemini",),
        install="npm install -g @google/gemini-cli",
        log_in="`gemini` once, or GEMINI_API_KEY",
        node_major=20,
        mode="default",
        variables=(
            *(
                "GEMINI_API_KEY",
                "GOOGLE_API_KEY",
                "GOOGLE_GEMINI_BASE_URL",
                "GOOGLE_GENAI_USE_VERTEXAI",
                "GEMINI_MODEL",
            ),
            *("GOOGLE_GENAI_USE_GCA", *_GOOGLE_CLOUD),
        ),
        env={"GEMINI_CLI_NO_RELAUNCH": "true", "NO_BROWSER": "true", "GEMINI_TELEMETRY_ENABLED": "false"},
        home={"GEMINI_CLI_HOME": "", "GEMINI_CLI_SYSTEM_SETTINGS_PATH": "cockpit-settings.json"},
        log_ins={
            ".gemini/oauth_creds.json": ".gemini/oauth_creds.json",
            ".gemini/google_accounts.json": ".gemini/google_accounts.json",
        },
        base_url="GOOGLE_GEMINI_BASE_URL",
        api_key="GEMINI_API_KEY",
        model="GEMINI_MODEL",
        titles_are_commands=True,
    ),
    Profile(
        name="opencode",
        programs=("opencode",),
        install="npm install -g opencode-ai",
        log_in="`opencode auth login`, or the provider's own variable",
        variables=(*_PROVIDER_KEYS, "OPENCODE_API_KEY"),
        env={
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_TERMINAL_TITLE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        },
        home={
            "XDG_CONFIG_HOME": "config",
            "XDG_DATA_HOME": "data",
            "XDG_STATE_HOME": "state",
            "XDG_CACHE_HOME": "cache",
        },
        log_ins={".local/share/opencode/auth.json": "data/opencode/auth.json"},
        configures_model=True,
        takes_second_prompt=True,
    ),
    Profile(
        name="qwen",
        programs=("qwen",),
        install="npm install -g @qwen-code/qwen-code",
        log_in="`qwen` once, or OPENAI_API_KEY",
        node_major=22,
        mode="default",
        variables=(
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            "OPENAI_MODEL",
            "DASHSCOPE_API_KEY",
            "BAILIAN_CODING_PLAN_API_KEY",
        ),
        env={"NO_BROWSER": "1"},
        home={"QWEN_CODE_SYSTEM_SETTINGS_PATH": "cockpit-settings.json"},
        state=(".qwen",),
        base_url="OPENAI_BASE_URL",
        api_key="OPENAI_API_KEY",
        model="OPENAI_MODEL",
        endpoint_arguments=("--auth-type", "openai"),
    ),
)

UNKNOWN = Profile(name="", variables=_PROVIDER_KEYS)
"""Stands for every other agent."""


def profile_of(command: Sequence[str]) -> Profile:
    """Return what is known of the agent that a command starts; an interpreter before its program is passed over."""
    for word in [word for word in command if not word.startswith("-")][:2]:
        profile = profile_named(word)
        if profile is not UNKNOWN:
            return profile
    return UNKNOWN


def profile_named(name: str) -> Profile:
    """Return what is known of an agent by the name of its program or package."""
    last = PurePath(name).name.removesuffix(".js").removesuffix(".cmd")
    return next((profile for profile in PROFILES if last in profile.programs), UNKNOWN)
