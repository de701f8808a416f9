"""The whole of cockpit.toml as one value, composed of the domains' sections."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from cockpit.approvals.config import PolicyConfig
from cockpit.changes.config import MergeConfig
from cockpit.checks.config import CheckConfig
from cockpit.config.ui import UiConfig
from cockpit.costs.config import FleetBudgetConfig, PriceConfig
from cockpit.rules.config import ForgeConfig, RulesConfig
from cockpit.senses.config import SensesConfig
from cockpit.sessions.config import AgentConfig, BudgetConfig, SessionsConfig
from cockpit.types import Model

BUILT_IN_AGENTS = {
    "native": AgentConfig(driver="native"),
    "mechanic": AgentConfig(driver="mechanic"),
    "codex": AgentConfig(driver="codex"),
    "claude": AgentConfig(driver="acp", command=("claude-agent-acp",)),
    "codex-acp": AgentConfig(driver="acp", command=("codex-acp",)),
    "gemini": AgentConfig(driver="acp", command=("gemini", "--acp")),
    "opencode": AgentConfig(driver="acp", command=("opencode", "acp")),
    "qwen": AgentConfig(driver="acp", command=("qwen", "--acp")),
}


_DRAFTS_NOTHING = {"mechanic": "has no model", "terminal": "answers on a screen only"}


class BudgetsConfig(BudgetConfig):
    """How far a session may go before it pauses and asks, unless its task says otherwise. 0 means no limit."""

    fleet: FleetBudgetConfig = Field(default_factory=FleetBudgetConfig)


class Config(Model, extra="forbid"):
    """Everything that cockpit.toml says."""

    checks: tuple[CheckConfig, ...] = Field(
        default=(), description="as `[[checks]]` with a name, or as `[checks.NAME]`"
    )
    sessions: SessionsConfig = Field(default_factory=SessionsConfig)
    budget: BudgetsConfig = Field(default_factory=BudgetsConfig)
    prices: dict[str, PriceConfig] = Field(
        default_factory=dict, description='by name of the model, or a pattern such as `"small-*"`'
    )
    agents: dict[str, AgentConfig] = Field(
        default_factory=lambda: dict(BUILT_IN_AGENTS),
        description="these exist without being written; `cockpit doctor` tells which are installed",
        json_schema_extra={"default_text": ", ".join(BUILT_IN_AGENTS)},
    )
    default_agent: str = Field(default="native", validate_default=True, description="the agent of tasks that name none")
    merge: MergeConfig = Field(default_factory=MergeConfig)
    ui: UiConfig = Field(default_factory=UiConfig)
    policy: PolicyConfig = Field(default_factory=PolicyConfig)
    senses: SensesConfig = Field(default_factory=SensesConfig)
    rules: RulesConfig = Field(default_factory=RulesConfig)
    forge: ForgeConfig = Field(default_factory=ForgeConfig)

    @field_validator("agents", mode="before")
    @classmethod
    def _over_built_in(cls, agents: object) -> object:
        """Lay what is written over the built-in agents, option by option; another driver makes another agent."""
        if not isinstance(agents, dict):
            return agents
        merged: dict[str, Any] = {**BUILT_IN_AGENTS, **agents}
        for name, built_in in BUILT_IN_AGENTS.items():
            written = agents.get(name)
            if isinstance(written, dict) and written.get("driver", built_in.driver) == built_in.driver:
                merged[name] = {"driver": built_in.driver, **built_in.settings, **written}
        return merged

    @field_validator("checks")
    @classmethod
    def _names_differ(cls, checks: tuple[CheckConfig, ...]) -> tuple[CheckConfig, ...]:
        twice = [name for name, count in Counter(check.name for check in checks).items() if count > 1]
        if twice:
            raise ValueError(f"name {twice[0]!r} is used twice")
        return checks

    @field_validator("default_agent")
    @classmethod
    def _agent_exists(cls, name: str, info: ValidationInfo) -> str:
        agents = info.data.get("agents")  # absent when the agents themselves are wrong, which is told already
        if agents is not None and name not in agents:
            raise ValueError(f"{name!r} is not an agent; there are {', '.join(sorted(agents))}")
        return name

    @field_validator("forge")
    @classmethod
    def _agent_drafts(cls, forge: ForgeConfig, info: ValidationInfo) -> ForgeConfig:
        agents = info.data.get("agents")  # as for the default agent
        if agents is None or not forge.drafting:
            return forge
        if forge.drafting not in agents:
            raise ValueError(f"drafting: {forge.drafting!r} is not an agent; there are {', '.join(sorted(agents))}")
        if why := _DRAFTS_NOTHING.get(agents[forge.drafting].driver):
            raise ValueError(f"drafting: {forge.drafting!r} cannot draft a rule: it {why}")
        return forge
