"""How each entry of a transcript looks: an entry becomes lines. Text from outside is cleaned here, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from cockpit.checks.types import CheckOutcome, CheckResult, Finding
from cockpit.providers.text import Safe, clean_line
from cockpit.sessions.types import DecisionKind, StepStatus
from cockpit.state.entries import Entry, EntryKind, Progress, decision_words, plan_progress
from widgets.cells import age, cut
from widgets.markdown import Markdown
from widgets.sourceline import Bit, Flow, TextLine

OUTPUT_SHOWN = 3
"""Lines of a tool's output that are shown before it is expanded."""
OUTPUT_EXPANDED = 2_000
_ANSWER_WIDTH = 56
"""Cells of an automatic answer beside what was asked."""
_PAD: tuple[Bit, ...] = (("   ", ""),)
_DEEP: tuple[Bit, ...] = (("     ", ""),)
_STEPS = {StepStatus.DONE: ("✓", "ready"), StepStatus.RUNNING: ("▸", "working"), StepStatus.PENDING: ("·", "dim")}
OUTCOMES = {
    CheckOutcome.PASSED: ("✓", "ready"),
    CheckOutcome.FAILED: ("✗", "failed"),
    CheckOutcome.BROKEN: ("!", "waiting"),
}
_LEVELS = {"info": ("·", "dim"), "good": ("▲", "ready"), "warning": ("!", "waiting"), "error": ("!", "failed")}
_TOOLS = {"run": "$", "edit": "✎", "read": "◇", "search": "⌕", "plan": "≡", "ask": "?", "done": "✓"}
_DECIDED = {DecisionKind.APPROVE: "ready", DecisionKind.REJECT: "failed"}
_ROOMY = (EntryKind.HUMAN, EntryKind.AGENT, EntryKind.CHECKS, EntryKind.PLAN, EntryKind.REQUEST)
"""Kinds that have air around them."""


def lines_of(entry: Entry, *, is_open: bool) -> list[TextLine]:
    """Return the lines of an entry; `is_open`: all of it, not only what is shown at first."""
    return _DRAWN[entry.kind](entry, is_open)


def needs_air(before: EntryKind | None, kind: EntryKind) -> bool:
    """Return whether an empty line stands between two entries."""
    return before is not None and before is not kind and (before in _ROOMY or kind in _ROOMY)


def can_open(entry: Entry) -> bool:
    """Return whether there is more of it than is shown at first."""
    match entry.kind:
        case EntryKind.TOOL:
            return bool(entry.text.strip()) or len(entry.title) > 60
        case EntryKind.REASONING | EntryKind.SENT:
            return True
        case EntryKind.PLAN:
            return entry.is_update
        case EntryKind.CHECKS:
            return any(result.findings for result in entry.results)
        case EntryKind.FINDINGS:
            return True
        case EntryKind.DECISION:
            return bool(entry.text)
        case EntryKind.REQUEST:
            return entry.is_automatic
        case _:
            return False


def prose_of(entry: Entry) -> Markdown:
    """Return what turns a message into lines as it grows."""
    if entry.kind is EntryKind.HUMAN:
        return Markdown((("▌  ", "accent"),), (("▌  ", "accent"),), entry.key, "human-back")
    return Markdown((("●  ", "working" if entry.progress is Progress.RUNNING else "dim"),), _PAD, entry.key)


def _human(entry: Entry, _is_open: bool) -> list[TextLine]:
    who = clean_line(entry.title) or Safe("you")
    right = ((entry.note, "dim"), (f"  {clock(entry.at)}" if entry.at else "", "dim"))
    head = TextLine(
        who, "strong", lead=(("▌  ", "accent"),), right=right, flow=Flow.CUT, back="human-back", mark=entry.key
    )
    return [head, *prose_of(entry).lines(entry.text.strip("\n"), is_whole=True)]


def _agent(entry: Entry, _is_open: bool) -> list[TextLine]:
    lines = prose_of(entry).lines(entry.text.strip("\n"), is_whole=entry.progress is not Progress.RUNNING)
    if entry.progress is Progress.CUT:
        lines.append(TextLine(Safe("(cut short)"), "waiting", lead=_PAD, mark=entry.key))
    return lines


def _folded(entry: Entry, is_open: bool, sign: str, label: str) -> list[TextLine]:
    """One dim line; opened: all of it, as it was written."""
    source = _source_lines(entry.text)
    more = f"{len(source)} lines" if len(source) > 1 and not is_open else ""
    first = source[0] if source and not is_open else Safe("")
    head = Safe(f"{label}  {first}".rstrip())
    lead = ((f"{sign}  ", "dim"),)
    spans = ((0, len(label), "italic"),)
    lines = [TextLine(head, "dim", spans, lead=lead, right=((more, "dim"),), flow=Flow.CUT, mark=entry.key)]
    if is_open:
        lines += [TextLine(text, "dim", lead=_PAD, mark=entry.key) for text in source]
    return lines


def _reasoning(entry: Entry, is_open: bool) -> list[TextLine]:
    return _folded(entry, is_open, "∴", "thinking" if entry.progress is Progress.RUNNING else "thought")


def _sent(entry: Entry, is_open: bool) -> list[TextLine]:
    return _folded(entry, is_open, "→", "to the agent")


def _tool(entry: Entry, is_open: bool) -> list[TextLine]:
    tool, _, title = entry.title.partition("\n")
    tool = clean_line(tool) or Safe("tool")
    head = Safe(f"{tool} {clean_line(title)}".rstrip())
    meaning = "dim" if entry.progress is Progress.DONE else "ink"
    line = TextLine(
        head,
        meaning,
        ((0, len(tool), "code"),),
        lead=((f"{_TOOLS.get(tool, '▪')}  ", "dim"),),
        right=_tool_end(entry),
        flow=Flow.HARD if is_open and len(title) > 60 else Flow.CUT,
        mark=entry.key,
    )
    return [line, *_output(entry, is_open)]


def _tool_end(entry: Entry) -> tuple[Bit, ...]:
    took = f" {seconds(entry.duration_s)}" if entry.duration_s is not None else ""
    match entry.progress:
        case Progress.RUNNING:
            return (("running", "working"),)
        case Progress.DONE:
            return (("✓", "ready"), (took, "dim"))
        case Progress.FAILED:
            return ((f"✗ {entry.note}".rstrip(), "failed"), (took, "dim"))
        case Progress.CUT:
            return (("cut short", "waiting"),)


def _output(entry: Entry, is_open: bool) -> list[TextLine]:
    """A tool's output: its end while it runs or when it failed, nothing when it went well, all when opened."""
    if entry.progress is Progress.DONE and not is_open:
        return []
    text = entry.text.strip("\n")
    if not text:
        return []
    source = text.split("\n") if is_open else text[-4_000:].split("\n")[-OUTPUT_SHOWN:]
    total = text.count("\n") + 1
    lines = [_output_line(line, entry) for line in source[:OUTPUT_EXPANDED]]
    if is_open and total > OUTPUT_EXPANDED:
        lines.append(_note(f"{total - OUTPUT_EXPANDED} more lines are not shown", entry))
    elif not is_open and total > OUTPUT_SHOWN:
        lines.insert(0, _note(f"{total - OUTPUT_SHOWN} lines above", entry))
    return lines


def _output_line(source: str, entry: Entry) -> TextLine:
    text = clean_line(source.removesuffix("\r"))
    return TextLine(text, "dim", lead=(("   │ ", "faint"),), flow=Flow.HARD, mark=entry.key)


def _note(text: str, entry: Entry) -> TextLine:
    return TextLine(Safe(text), "dim", lead=(("   │ ", "faint"),), flow=Flow.CUT, mark=entry.key)


def _plan(entry: Entry, is_open: bool) -> list[TextLine]:
    done, ahead = plan_progress(entry.steps)
    head = Safe(f"plan {done}/{len(entry.steps)}")
    if entry.is_update and not is_open:
        text = Safe(f"{head}  {clean_line(ahead)}".rstrip())
        return [TextLine(text, "dim", lead=(("≡  ", "dim"),), flow=Flow.CUT, mark=entry.key)]
    lines = [TextLine(head, "strong", lead=(("≡  ", "dim"),), flow=Flow.CUT, mark=entry.key)]
    for step in entry.steps:
        sign, ink = _STEPS[step.status]
        meaning = "ink" if step.status is StepStatus.RUNNING else "dim"
        lines.append(TextLine(clean_line(step.text), meaning, lead=(("   ", ""), (f"{sign} ", ink)), mark=entry.key))
    return lines


def _checks(entry: Entry, is_open: bool) -> list[TextLine]:
    head = f"checks, round {entry.round}" if entry.round else "checks"
    if entry.title == "merge":
        head = "checks on what would land"
    parts: list[tuple[str, str]] = [(head + "  ", "strong")]
    for result in entry.results:
        sign, ink = OUTCOMES[result.outcome]
        number = f" {len(result.findings)}" if result.findings else ""
        parts += [(f" {sign}", ink), (f" {clean_line(result.check)}{number} ", "ink")]
    for name in entry.running:
        parts += [(" ·", "working"), (f" {clean_line(name)} ", "dim")]
    if entry.receipt is not None and entry.receipt.is_clean:
        parts.append(("  clean, with a receipt", "ready"))
    lines = [flat(parts, entry.key, lead=(("◈  ", "dim"),))]
    failed = [f for r in entry.results if r.outcome is not CheckOutcome.PASSED for f in _reported(r)]
    shown = failed if is_open else failed[:OUTPUT_SHOWN]
    lines += [finding_line(finding, entry.key) for finding in shown]
    if len(failed) > len(shown):
        lines.append(TextLine(Safe(f"{len(failed) - len(shown)} more"), "dim", lead=_DEEP, mark=entry.key))
    return lines


def _reported(result: CheckResult) -> Sequence[Finding]:
    if result.findings or not result.summary:
        return result.findings
    return (Finding(check=result.check, message=result.summary),)


def _findings(entry: Entry, is_open: bool) -> list[TextLine]:
    counts = ((len(entry.new), "new"), (len(entry.still_open), "still open"), (len(entry.fixed), "fixed"))
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    lines = [TextLine(Safe(f"findings sent: {told or 'none'}"), "dim", lead=(("→  ", "dim"),), mark=entry.key)]
    if is_open:
        for word, found in (("new", entry.new), ("still open", entry.still_open), ("fixed", entry.fixed)):
            lines += [finding_line(finding, entry.key, word) for finding in found]
    return lines


def _decision(entry: Entry, is_open: bool) -> list[TextLine]:
    decision = entry.decision
    if decision is None:
        return []
    text = clean_line(decision_words(decision))
    right = ((clock(entry.at), "dim"),)
    ink = _DECIDED.get(decision.kind, "accent")
    lines = [TextLine(text, ink, lead=(("◆  ", ink),), right=right, flow=Flow.CUT, mark=entry.key)]
    if decision.text and (is_open or decision.kind is not DecisionKind.REDIRECT):
        lines += [TextLine(line, "dim", lead=_PAD, mark=entry.key) for line in _source_lines(decision.text)]
    return lines


def _request(entry: Entry, is_open: bool) -> list[TextLine]:
    if entry.is_automatic:
        words, title = clean_line(entry.note), clean_line(entry.title)
        lead = (("≡  ", "dim"),)
        if not is_open:
            right = ((cut(words, _ANSWER_WIDTH), "italic"),)
            return [TextLine(title, "dim", lead=lead, right=right, flow=Flow.CUT, mark=entry.key)]
        texts = ((title, ()), (words, ((0, len(words), "italic"),)))
        return [TextLine(text, "dim", spans, lead=lead, mark=entry.key) for text, spans in texts]
    is_waiting = entry.progress is Progress.RUNNING
    outcome = clean_line(entry.note) or Safe("no longer asked")
    end = ("waits for you", "waiting") if is_waiting else (outcome, "dim")
    ink = "question" if is_waiting else "ink"
    head = TextLine(clean_line(entry.title), ink, lead=(("?  ", "waiting"),), mark=entry.key)
    lines = [head, *(TextLine(line, "dim", lead=_PAD, mark=entry.key) for line in _source_lines(entry.text))]
    return [*lines, TextLine(Safe(end[0]), end[1], lead=_PAD, mark=entry.key)]


def _notice(entry: Entry, _is_open: bool) -> list[TextLine]:
    sign, ink = _LEVELS.get(entry.level, _LEVELS["info"])
    source = _source_lines(entry.text)
    lines = [
        TextLine(text, ink, lead=_PAD if place else ((f"{sign}  ", ink),), mark=entry.key)
        for place, text in enumerate(source)
    ]
    if entry.is_scripted:
        lines.append(TextLine(Safe("scripted model: no model is asked"), "badge", lead=_PAD, mark=entry.key))
    return lines + [finding_line(finding, entry.key) for finding in entry.new]


def _status(entry: Entry, _is_open: bool) -> list[TextLine]:
    reason = f"  {clean_line(entry.text)}" if entry.text else ""
    right = ((clock(entry.at), "dim"),)
    text = Safe(f"{entry.title}{reason}")
    return [TextLine(text, "dim", lead=(("─  ", "faint"),), right=right, flow=Flow.CUT, mark=entry.key)]


_DRAWN: dict[EntryKind, Callable[[Entry, bool], list[TextLine]]] = {
    EntryKind.HUMAN: _human,
    EntryKind.SENT: _sent,
    EntryKind.AGENT: _agent,
    EntryKind.REASONING: _reasoning,
    EntryKind.TOOL: _tool,
    EntryKind.PLAN: _plan,
    EntryKind.CHECKS: _checks,
    EntryKind.FINDINGS: _findings,
    EntryKind.DECISION: _decision,
    EntryKind.REQUEST: _request,
    EntryKind.NOTICE: _notice,
    EntryKind.STATUS: _status,
}


def finding_line(finding: Finding, mark: object, word: str = "") -> TextLine:
    """Return a finding in one line: where, which code, what."""
    place = clean_line(finding.path)
    if finding.line is not None:
        place = Safe(f"{place}:{finding.line}")
    parts = [(f"{word}  " if word else "", "dim"), (f"{place}  " if place else "", "ink")]
    parts += [(f"{clean_line(finding.code)}  " if finding.code else "", "waiting")]
    parts += [(clean_line(finding.message), "dim")]
    return flat(parts, mark, lead=_DEEP)


def flat(parts: Sequence[Bit], mark: object, lead: Sequence[Bit] = (), back: str = "") -> TextLine:
    """Return a line made of safe pieces in their inks."""
    spans = []
    size = 0
    for text, ink in parts:
        if text and ink != "ink":
            spans.append((size, size + len(text), ink))
        size += len(text)
    return TextLine(Safe("".join(text for text, _ in parts).rstrip()), "ink", spans, lead=lead, mark=mark, back=back)


def clock(at: float) -> str:
    """Return the time of day in this place."""
    return time.strftime("%H:%M", time.localtime(at))


def seconds(duration_s: float) -> str:
    """Return a duration with the digits that matter."""
    return f"{duration_s:.1f}s" if duration_s < 10 else age(duration_s)


def _source_lines(text: str) -> list[Safe]:
    stripped = text.strip("\n")
    return [clean_line(line.removesuffix("\r")) for line in stripped.split("\n")] if stripped.strip() else []
