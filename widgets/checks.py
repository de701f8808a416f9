"""The checks pane: each check with its last result, findings by file, raw output on demand, and the receipt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar

from textual.binding import BindingType

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity
from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.rule_life import JudgeFinding
from cockpit.protocol.types import GetOutput
from cockpit.providers.text import Safe, clean_line
from cockpit.screens.keys import Context, bindings
from cockpit.screens.store import Store
from cockpit.state.model import SessionState
from cockpit.types import SessionId
from widgets.cells import fit
from widgets.pane import Supervisor, Trouble
from widgets.sourceline import Flow, Line, TextLine
from widgets.transcript_lines import OUTCOMES, clock, flat, seconds
from widgets.viewpane import ViewPane

OUTPUT_LINES = 5_000
_SEVERITIES = {Severity.ERROR: "failed", Severity.WARNING: "waiting", Severity.NOTE: "dim"}


_RULES = "rules"
"""The check under whose name rules' findings go."""


class OfFinding(str):
    """The mark of a finding's lines: the name of its check, and the finding."""

    __slots__ = ("finding",)

    def __new__(cls, finding: Finding) -> OfFinding:
        """Mark the lines of a finding."""
        made = super().__new__(cls, finding.check)
        made.finding = finding
        return made

    finding: Finding


class ChecksPane(ViewPane):
    """A `Pane`: enter on a check shows what it printed."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.PANE, Context.TEXT, Context.CHECKS))

    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._session: SessionState | None = None
        self._drawn: tuple[object, ...] = ()
        self._outputs: dict[str, list[Safe]] = {}
        """Lines that were printed, by output id; only of the session that is shown."""
        self._opened: set[str] = set()
        """Checks whose output is shown."""

    def show(self, session: SessionId | None) -> None:
        """Turn to a session."""
        if session == self.subject:
            return
        self.workers.cancel_node(self)
        self.subject, self._session, self._drawn = session, None, ()
        self._outputs.clear()
        self._opened.clear()
        self.view.replace([])

    def flush(self, store: Store) -> None:
        """Draw again what changed."""
        session = self._session = store.session(self.subject)
        if session is None or not self.view.columns:
            return
        drawn = (
            session.id,
            id(session.checks),
            session.running_checks,
            session.receipt,
            session.commit,
            session.let_by,
        )
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw(session)
        for name in self._opened & session.checks.keys():
            if (output := session.checks[name].output) and output not in self._outputs:
                self._fetch(output)

    def action_output(self) -> None:
        """Show what the check under the cursor printed, or hide it."""
        name = self.view.cursor_line.mark if self.view.cursor_line is not None else None
        if self._session is None or not isinstance(name, str) or name not in self._session.checks:
            return
        if not self._session.checks[name].output:
            self.view.say("no output was kept")
            return
        self._opened ^= {name}
        self._draw(self._session)

    def action_judge(self) -> None:
        """Say that the rule's finding under the cursor is not useful."""
        line, session = self.view.cursor_line, self._session
        mark = line.mark if line is not None else None
        if session is None or not isinstance(mark, OfFinding) or mark.finding.check != _RULES:
            self.view.say("no rule's finding is under the cursor")
            return
        self.view.say("judging it…")
        command = JudgeFinding(session=session.id, rule=mark.finding.code, instance=mark.finding.instance)
        self.run_worker(self._judge(command), group="judge")

    async def _judge(self, command: JudgeFinding) -> None:
        try:
            await self._supervisor.call(command)
            self.view.say("not useful: counted, and let by in the branch's baseline")
        except CommandFailed as error:
            self.view.say("")
            self.post_message(Trouble(error.info.what, error.info.kept, error.info.next))
        except SupervisorGone:
            self.view.say("the supervisor is not connected: nothing was judged")

    def _draw(self, session: SessionState) -> None:
        """Make the lines anew; the cursor stays with its check and its text."""
        line = self.view.cursor_line
        top = self.view.scroll_offset.y
        lines = self._lines(session)
        cursor = min(self.view.cursor, max(0, len(lines) - 1))
        if line is not None:
            same = [place for place, new in enumerate(lines) if new.mark == line.mark and new.text == line.text]
            alike = same or [place for place, new in enumerate(lines) if new.mark == line.mark]
            cursor = min(alike, key=lambda place: abs(place - self.view.cursor), default=cursor)
        self.view.replace(lines, cursor=cursor, top=top)

    def _lines(self, session: SessionState) -> list[Line]:
        lines: list[Line] = list(receipt_lines(session))
        names = list(dict.fromkeys([*session.checks, *session.running_checks]))
        if not names:
            lines.append(TextLine(Safe("no check has run yet"), "dim", lead=((" ", ""),)))
        for name in names:
            result = session.checks.get(name)
            lines.append(check_line(name, result, is_running=name in session.running_checks))
            if result is None:
                continue
            lines += finding_lines(result, session.let_by)
            if name in self._opened:
                lines += self._output_lines(result)
        return lines

    def _output_lines(self, result: CheckResult) -> Iterable[Line]:
        lead = (("     │ ", "faint"),)
        if result.output not in self._outputs:
            self._fetch(result.output)
            return [TextLine(Safe("loading…"), "dim", lead=lead, mark=result.check)]
        return [
            TextLine(text, "dim", lead=lead, flow=Flow.HARD, mark=result.check) for text in self._outputs[result.output]
        ]

    def _fetch(self, output: str) -> None:
        self._outputs[output] = [Safe("loading…")]
        self.run_worker(self._load(output), group=f"output-{output}", exclusive=True)

    async def _load(self, output: str) -> None:
        try:
            result = await self._supervisor.call(GetOutput(output=output))
            source = str(result.get("text", "")).strip("\n").split("\n")
            lines = [clean_line(line.removesuffix("\r")) for line in source[:OUTPUT_LINES]]
            if len(source) > OUTPUT_LINES:
                lines.append(Safe(f"{len(source) - OUTPUT_LINES} more lines are not shown"))
        except (CommandFailed, SupervisorGone) as error:
            lines = [clean_line(f"not loaded: {error}")]
        self._outputs[output] = lines
        if self._session is not None:
            self._draw(self._session)


def receipt_lines(session: SessionState) -> list[TextLine]:
    """Return what proves that the change is clean, and an empty line."""
    receipt = session.receipt
    lead = ((" ", ""),)
    air = TextLine(Safe(""))
    if receipt is None:
        return [TextLine(Safe("no receipt: not every check has passed on what is there now"), "dim", lead=lead), air]
    what = clean_line(f"commit {receipt.commit[:10]}" if receipt.commit else f"tree {receipt.tree[:10]}")
    names = ", ".join(clean_line(result.check) for result in receipt.results)
    verdict, ink = ("clean", "ready") if receipt.is_clean else ("not clean", "failed")
    parts = [(f"{verdict}  ", ink), (f"{what}  ", "ink"), (f"{names}  ", "dim"), (clock(receipt.at), "dim")]
    return [flat(parts, None, lead=(("◆ ", ink),)), air]


def check_line(name: str, result: CheckResult | None, *, is_running: bool) -> TextLine:
    """Return the row of one check."""
    shown = clean_line(name)
    if result is None or is_running:
        running = (("running ", "working"),)
        return TextLine(shown, "strong", lead=((" ◌ ", "working"),), right=running, flow=Flow.CUT, mark=name)
    sign, ink = OUTCOMES[result.outcome]
    number = max(result.total, len(result.findings))
    said = f"  {clean_line(result.summary)}" if result.summary else ""
    right = (
        (f"{number} finding{'' if number == 1 else 's'}" if number else "", ink),
        (fit(Safe("cached" if result.is_cached else seconds(result.duration_s)), 9, is_right=True), "dim"),
        (fit(clean_line(result.tree[:8]), 10, is_right=True), "dim"),
        (" ", ""),
    )
    return TextLine(
        Safe(f"{shown}{said}"),
        "dim",
        ((0, len(shown), "strong"),),
        lead=((f" {sign} ", ink),),
        right=right,
        flow=Flow.CUT,
        mark=name,
    )


def finding_lines(result: CheckResult, let_by: Collection[str] = ()) -> list[TextLine]:
    """Return a check's findings by file, each with what to do about it."""
    if result.outcome is CheckOutcome.PASSED and not result.findings:
        return []
    by_file: dict[str, list[Finding]] = {}
    for finding in result.findings:
        by_file.setdefault(finding.path, []).append(finding)
    lines: list[TextLine] = []
    for path, findings in sorted(by_file.items()):
        if path:
            lines.append(TextLine(clean_line(path), "ink", lead=(("     ", ""),), flow=Flow.CUT, mark=result.check))
        for finding in sorted(findings, key=lambda each: (each.line or 0, each.column or 0)):
            lines += _finding(finding, is_let_by=finding.instance in let_by)
    rest = result.total - len(result.findings)
    if rest > 0:
        lines.append(TextLine(Safe(f"{rest} more are in the output"), "dim", lead=(("     ", ""),), mark=result.check))
    return lines


def _finding(finding: Finding, *, is_let_by: bool) -> list[TextLine]:
    check = OfFinding(finding)
    number = f"{finding.line}" if finding.line is not None else ""
    code = f"{clean_line(finding.code)}  " if finding.code else ""
    lead = ((f"     {number:>5}  ", "dim"),)
    ink = _SEVERITIES[finding.severity]
    message, *others = [clean_line(line) for line in finding.message.strip().split("\n")]
    lines = [flat([(code, ink), (message, "ink")], check, lead=lead)]
    room = ((" " * 12, ""),)
    lines += [TextLine(text, "dim", lead=room, mark=check) for text in others]
    if is_let_by:
        words = "judged not useful: the next check lets it by"
        return [*lines, TextLine(Safe(words), "ready", lead=(*room, ("○ ", "ready")), mark=check)]
    if finding.remediation:
        advice = clean_line(finding.remediation)
        lines.append(TextLine(advice, "dim", lead=(*room, ("→ ", "accent")), mark=check))
    return lines
