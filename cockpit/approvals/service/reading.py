"""What a request really asks for: one value that lines, likeness and offers are told from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cockpit.approvals.service.danger import Danger, Shape, named
from cockpit.approvals.service.hosts import danger_of_host, host_of
from cockpit.approvals.service.place import Place
from cockpit.approvals.service.programs import feeds_on, judge
from cockpit.approvals.service.shell import Form, Part, Script, read_shell, read_words, unwrap
from cockpit.approvals.types import Section
from cockpit.sessions.types import RequestKind, RequestRaised

_WORDS = re.compile(r"[A-Za-z0-9_./:=@,+%~-]+")
_WORDS_LIMIT = 400
_LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/.*)?")
_RUNNING_OPTIONS = named(
    "exec exec-batch eval pager pre to-command checkpoint-action use-compress-program compress-program rsh rsync-path"
    " upload-pack receive-pack open-files-in-pager ext-diff hostname-bin config-env script-shell node-options call"
    " command run-command init-file init-script rcfile startup-file proxy-command use-askpass preprocessor require"
    " import loader"
)
"""Long options of one program or another that run something. Many programs take every beginning of a name."""
_NOWHERE = Place("/nowhere")
_STARTERS = named("uv poetry pdm hatch rye pipenv bundle npx bunx pnpx npm pnpm yarn bun conda mise timeout")
_RUNNING_WORDS = re.compile(r"(proxy|local|knownhosts)command|sshcommand|git_ssh|ld_preload|askpass", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A request, understood as far as it can be."""

    kind: RequestKind
    section: Section | None
    """Lines of which section may answer it; None: no line can."""
    text: str
    """What it asks for in one spelling; `.` stands for the workspace."""
    form: Form = Form.PLAIN
    parts: tuple[Part, ...] = ()
    folder: str = ""
    """Where a command runs, relative to the workspace."""
    paths: tuple[str, ...] = ()
    """What is to be changed, relative to the workspace."""
    host: str = ""
    tool: str = ""
    dangers: tuple[Danger, ...] = ()
    why: str = ""
    """What keeps it from being understood as a whole, for people."""
    escalates: bool = False
    """It may run outside the agent's sandbox, or with more than that gives."""

    @property
    def is_final(self) -> bool:
        """Whether a person has to answer every single time."""
        return self.section is None or any(danger.is_final for danger in self.dangers)

    @property
    def key(self) -> str:
        """What it is compared by, word for word, when something was allowed for a session."""
        return f"{self.kind}{' unconfined' if self.escalates else ''} {self.text}"


def read_request(request: RequestRaised, place: Place) -> Reading:
    """Return what a request asks for."""
    reading = _read_kind(request, place)
    if not request.escalates:
        return reading
    section = Section.UNCONFINED if reading.section is Section.COMMANDS else reading.section
    return replace(reading, section=section, escalates=True)


def _read_kind(request: RequestRaised, place: Place) -> Reading:
    match request.kind:
        case RequestKind.COMMAND:
            return _command(request, place)
        case RequestKind.EDIT:
            return _edit(request, place)
        case RequestKind.NETWORK:
            return _network(request, place)
        case RequestKind.TOOL:
            dangers = tuple(_rough(f"{request.title}\n{request.detail}", place))
            section = Section.TOOLS if request.tool else None
            text = request.tool or place.located(request.title)
            return Reading(request.kind, section, text, tool=request.tool, dangers=dangers)
        case RequestKind.QUESTION:
            return Reading(request.kind, None, place.located("\n".join((request.title, *request.options))))


def read_line(line: str) -> Reading:
    """Return what a command line of a policy means, as if a request asked for it."""
    return _read(read_shell(line), _NOWHERE, "", line)


def _command(request: RequestRaised, place: Place) -> Reading:
    text = request.shell or unwrap(request.argv)
    if request.shell and request.argv and unwrap(request.argv) != request.shell:
        script = Script(Form.OPAQUE, why="it is told in two ways that do not agree")
    elif not request.argv and not request.shell:
        script, text = Script(Form.OPAQUE, why="the agent does not tell its words"), request.title
    else:
        script = read_shell(text) if text else read_words(request.argv)
    text = text or " ".join(request.argv)
    reading = _read(script, place, request.cwd, text)
    beyond = [place.danger_of_path(path, path) for path in request.paths]
    return replace(reading, dangers=(*reading.dangers, *filter(None, beyond)))


def _read(script: Script, place: Place, cwd: str, raw: str) -> Reading:
    folder = place.folder(posixpath.join(cwd, script.folder))
    dangers = [Danger(Shape.OUTSIDE, f"in {cwd or script.folder}")] if folder is None else []
    folder = folder or ""
    parts = tuple(Part(tuple(place.relative(w, folder) for w in part.words), part.is_fed) for part in script.parts)
    plain = replace(script, parts=parts).text if script.form is Form.PLAIN else raw.strip()
    text = place.located(plain)
    if script.form is Form.OPAQUE:
        dangers += _rough(raw, place)
    else:
        dangers += [danger for part in parts for danger in _of_part(part, place, folder)]
    text = f"cd ./{folder} && {text}" if folder else text
    return Reading(
        RequestKind.COMMAND, Section.COMMANDS, text, script.form, parts, folder, dangers=tuple(dangers), why=script.why
    )


def _of_part(part: Part, place: Place, folder: str) -> Iterator[Danger]:
    words = part.words
    if len(words) > _WORDS_LIMIT:
        yield Danger(Shape.CODE, f"{len(words)} words, more than anybody reads")
        return
    if "=" in words[0]:
        yield Danger(Shape.ENVIRONMENT, words[0])
    if part.is_fed and (fed := _fed(words)):
        yield Danger(Shape.DOWNLOAD, f"{fed} runs what it is fed")
    for number, word in enumerate(words):
        if number == 0 or _may_be_program(word):
            danger = judge(_name(word), words[number + 1 :], is_first=number == 0)
            if danger is not None:
                yield danger
        if danger := _of_word(word) or place.danger_of_word(word, folder, is_program=number == 0):
            yield danger


def _fed(words: tuple[str, ...]) -> str:
    """Return the program of a command that runs what the command is fed; empty: there is none."""
    count = len(words) if _name(words[0]) in _STARTERS else 1
    return next((word for word in words[:count] if feeds_on(_name(word))), "")


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def _may_be_program(word: str) -> bool:
    return "/" not in word or word.startswith(("/", "."))


def _of_word(word: str) -> Danger | None:
    if "://" in word and not all(_LOOPBACK.fullmatch(piece) for piece in word.split() if "://" in piece):
        return Danger(Shape.NETWORK, word)
    if _RUNNING_WORDS.search(word):
        return Danger(Shape.CODE, word)
    name = word[2:].partition("=")[0] if word.startswith("--") else ""
    if len(name) > 1 and any(option.startswith(name) for option in _RUNNING_OPTIONS):
        return Danger(Shape.CODE, word)
    return None


def _rough(text: str, place: Place) -> Iterator[Danger]:
    """Look for dangerous words in a text that cannot be read; what hides well is not found, so no line covers it."""
    words = tuple(_WORDS.findall(text)[:_WORDS_LIMIT])
    for number, word in enumerate(words):
        if _may_be_program(word) and (danger := judge(_name(word), words[number + 1 :], is_first=False)):
            yield danger
        if danger := _of_word(word) or place.danger_of_word(word, "", is_program=True):
            yield danger
    for piped in re.findall(r"\|&?\s*(\S+)", text):
        if feeds_on(_name(piped)):
            yield Danger(Shape.DOWNLOAD, f"{piped} runs what it is fed")


def _edit(request: RequestRaised, place: Place) -> Reading:
    dangers: list[Danger] = []
    paths: list[str] = []
    for path in request.paths:
        absolute = path if path.startswith("/") else f"{place.workspace}/{path}"
        if danger := place.danger_of_path(absolute, path) or (
            Danger(Shape.SECRET, path) if _names_secret(path, place) else None
        ):
            dangers.append(danger)
        inside = place.inside(absolute)
        paths.append(inside if inside is not None else path)
    section = Section.EDITS if paths else None
    text = "\n".join(sorted(paths)) or place.located(request.title)
    return Reading(request.kind, section, text, paths=tuple(paths), dangers=tuple(dangers))


def _names_secret(path: str, place: Place) -> bool:
    """Whether a path names something secret as it is written, whatever a link makes of it."""
    from_workspace = path.removeprefix(place.workspace)
    return place.danger_of_word(from_workspace.lstrip("/") or ".", "") is not None


def _network(request: RequestRaised, place: Place) -> Reading:
    command = _command(request, place) if request.argv or request.shell else None
    dangers = [danger for danger in command.dangers if danger.shape is not Shape.NETWORK] if command else []
    host = host_of(request.host)
    if danger := danger_of_host(host):
        dangers.append(danger)
    elif not host:
        dangers.append(Danger(Shape.NETWORK, request.host or "all of it"))
    text = " ".join(part for part in (place.located(host or request.host), command.text if command else "") if part)
    form = command.form if command else Form.PLAIN
    return Reading(
        request.kind,
        Section.HOSTS if host or command else None,
        text or place.located(request.title),
        form,
        host=host,
        dangers=tuple(dangers),
        why=command.why if command else "",
    )


def reasons(dangers: Sequence[Danger]) -> str:
    """Return a sentence for people about what speaks against a line."""
    return "; ".join(dict.fromkeys(str(danger) for danger in dangers[:3]))
