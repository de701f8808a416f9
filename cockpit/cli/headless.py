"""`cockpit run`: begins tasks; with `--headless` it follows them to their end, without a screen."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cockpit.cli import FAILED
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.follow import Follower
from cockpit.cli.repository import ensure_supervisor, find_repository
from cockpit.protocol.client import Client, CommandFailed, SupervisorGone
from cockpit.protocol.types import CreateTasks, Subscribe
from cockpit.providers.paths import Paths
from cockpit.sessions.repo import TaskFileError, parse_tasks, read_tasks
from cockpit.sessions.repo.task_file import FORMATS
from cockpit.sessions.types import Task
from cockpit.types import SessionId


def run(arguments: Arguments) -> int:
    """Begin the tasks and, if asked, follow them."""
    try:
        tasks = _tasks(arguments)
    except TaskFileError as error:
        raise UsageError(str(error)) from error
    paths = ensure_supervisor(find_repository(arguments.repo))
    try:
        return asyncio.run(_run(arguments, paths, tasks))
    except CommandFailed as error:
        raise UsageError(str(error)) from error
    except SupervisorGone as error:
        print(f"cockpit: {error}. Sessions and their work are kept; `cockpit up` takes them up.", file=sys.stderr)
        return FAILED


async def _run(arguments: Arguments, paths: Paths, tasks: tuple[Task, ...]) -> int:
    async with await Client.connect(paths.supervisor_socket) as client:
        if not arguments.headless:
            await _begin(client, tasks, is_quiet=False)
            print("follow them with `cockpit`", file=sys.stderr)
            return 0
        await client.call(Subscribe(everything=True))
        sessions = await _begin(client, tasks, is_quiet=arguments.json)
        follower = Follower(client, sessions, approve=arguments.approve, as_json=arguments.json)
        minutes = arguments.timeout
        return await follower.follow(None if minutes is None else minutes * 60)


async def _begin(client: Client, tasks: tuple[Task, ...], *, is_quiet: bool) -> list[SessionId]:
    result = await client.call(CreateTasks(tasks=tasks))
    sessions = [SessionId(one) for one in result["sessions"]]
    if not is_quiet:
        for session, task in zip(sessions, tasks, strict=True):
            print(f"{session}: {task.headline()}", file=sys.stderr)
    return sessions


def _tasks(arguments: Arguments) -> tuple[Task, ...]:
    words = arguments.task or ["-"]
    tasks: list[Task] = []
    for word in words:
        if word == "-":
            if sys.stdin.isatty():
                raise UsageError('say what to do: cockpit run "prompt", or a file with tasks, or pipe it in')
            tasks += _from_stdin(sys.stdin.read())
        elif Path(word).suffix.lower() in FORMATS and len(word.splitlines()) == 1:
            tasks += read_tasks(Path(word))
        else:
            tasks.append(Task(prompt=word))
    if arguments.agent:
        tasks = [task if task.agent else task.model_copy(update={"agent": arguments.agent}) for task in tasks]
    return tuple(tasks)


def _from_stdin(text: str) -> tuple[Task, ...]:
    starts = text.lstrip()
    suffix = ".yaml" if starts.startswith(("tasks:", "- ")) else ".toml" if starts.startswith("[[tasks]]") else ""
    return parse_tasks(text, suffix)
