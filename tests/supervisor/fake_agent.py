"""A tiny agent process that speaks the wire's lines and does what it is told, word by word. Standard library only.

The task's prompt is the script: turns are separated by lines of `---`, each line of a turn is an instruction. A message
that holds instructions itself (lines with `!`) is carried out instead of the next turn of the script. Its memory (which
turn is next, which is open, which commands it has seen) is in the folder it is given; resumed, it goes on with an
open turn.

    write PATH TEXT      move PATH PATH                        wait PATH (until the file exists)
    say TEXT             usage TOKENS                          ask ID
    summary TEXT (of this turn)
    hang                 deaf (ignore every command)           exit STATUS    fail TEXT         flood COUNT
    raw TEXT             long BYTES                            spawn (a daemon of its own session)
    request NAME JSON (asks with these fields; `WORKSPACE` in them is its own; says what it heard)
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class Interrupted(Exception):
    pass


class Closed(Exception):
    pass


class FakeAgent:
    def __init__(self) -> None:
        self.memory = Path(os.environ["FAKE_MEMORY"])
        self.script = [part.strip().splitlines() for part in os.environ["FAKE_SCRIPT"].split("\n---\n")]
        self.messages: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.answers: dict[str, str] = {}
        self.buffer = b""
        self.is_deaf = False
        kept = self.memory / "fake.json"
        self.turn: int
        self.open: str | None
        self.done: int
        self.turn, self.open, self.done = json.loads(kept.read_text()) if kept.exists() else (0, None, 0)

    def emit(self, type_: str, **fields: Any) -> None:
        sys.stdout.write(json.dumps({"type": type_, **fields}) + "\n")
        sys.stdout.flush()

    def serve(self) -> None:
        self.emit("ready", agent="fake", scripted=True, thread="t")
        if self.open is not None:
            self.turn -= 1
            self.work(self.open, self.done, is_resumed=True)
        while True:
            while self.messages.empty():
                self.listen(None)
            self.work(self.messages.get())

    def listen(self, timeout_s: float | None) -> None:
        if self.is_deaf:
            time.sleep(timeout_s if timeout_s is not None else 1)
            return
        if not select.select([0], [], [], timeout_s)[0]:
            return
        self.buffer += os.read(0, 65536)
        *lines, self.buffer = self.buffer.split(b"\n")
        for line in lines:
            if line.strip():
                self.take(json.loads(line))

    def take(self, command: dict[str, Any]) -> None:
        with (self.memory / "seen").open("a") as seen:
            seen.write(f"{command['id']} {command['op']}\n")
        self.emit("acknowledged", command=command["id"])
        match command["op"]:
            case "send":
                self.messages.put(command["text"])
            case "review":
                self.messages.put(f"!say reviewed: {command['instructions']}")
            case "steer":
                self.emit("message", item=command["id"], text=f"steered: {command['text']}")
                self.emit("steered", command=command["id"], outcome="injected")
                for line in command["text"].splitlines():
                    if line.startswith("!"):
                        self.do(line[1:])
            case "answer":
                self.answers[command["request"]] = f"{command['decision']} {command['text']}".strip()
                self.emit("request_resolved", request=command["request"], outcome=command["decision"])
            case "interrupt":
                raise Interrupted
            case "close":
                raise Closed

    def work(self, message: str, done: int = 0, *, is_resumed: bool = False) -> None:
        told = [line[1:] for line in message.splitlines() if line.startswith("!")]
        if not told and self.turn < len(self.script):
            told = self.script[self.turn]
        self.turn += 1
        if is_resumed and done < len(told) and told[done].split(" ")[0] in ("exit", "deaf", "hang"):
            done += 1  # once is enough
        self.keep(message, done)
        self.summary = ""
        self.emit("turn_started", turn=self.turn)
        try:
            for number, line in enumerate(told[done:], done):
                self.keep(message, number)
                self.do(line)
        except Interrupted:
            self.end(reason="interrupted")
        except FloatingPointError as error:
            self.end(reason="failed", error=str(error))
        else:
            self.end(reason="done", summary=self.summary or f"did turn {self.turn}")

    def end(self, **how: str) -> None:
        self.keep(None, 0)
        self.emit("turn_ended", turn=self.turn, **how)

    def keep(self, open_message: str | None, done: int) -> None:
        fresh = self.memory / "fake.json.new"
        fresh.write_text(json.dumps([self.turn, open_message, done]))
        fresh.replace(self.memory / "fake.json")

    def do(self, line: str) -> None:
        word, _, rest = line.strip().partition(" ")
        match word:
            case "write":
                path, _, text = rest.partition(" ")
                Path(path).write_text(text.replace("\\n", "\n") + "\n")
            case "wait":
                while not Path(rest).exists():
                    self.listen(0.01)
            case "hang":
                while True:
                    self.listen(1)
            case "deaf":
                self.is_deaf = True
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                self.emit("message", item="m", text="deaf now")
                while True:
                    self.listen(1)
            case "ask":
                self.emit("request", request=rest, kind="question", title=f"what about {rest}?")
                while rest not in self.answers:
                    self.listen(1)
            case "request":
                self.request(*rest.split(" ", 1))
            case "exit":
                sys.stderr.write("exit as told\n")
                sys.exit(int(rest))
            case _:
                self.speak(word, rest)

    def request(self, name: str, fields: str) -> None:
        told = json.loads(fields.replace("WORKSPACE", str(Path.cwd())))
        self.emit("request", **{"request": name, "kind": "command", "title": told.get("shell", name), **told})
        while name not in self.answers:
            self.listen(1)
        self.emit("message", item=name, text=f"heard {self.answers[name]}")

    def speak(self, word: str, rest: str) -> None:
        match word:
            case "fail":
                raise FloatingPointError(rest)
            case "summary":
                self.summary = rest
            case "say":
                self.emit("message", item=f"m{self.turn}", text=rest)
            case "move":
                old, new = rest.split()
                Path(old).rename(new)
            case "usage":
                self.emit("usage", input_tokens=int(rest), output_tokens=0)
            case "flood":
                for number in range(int(rest)):
                    self.emit("tool_started", item=f"i{number}", tool="run", title=f"line {number}")
            case "raw":
                sys.stdout.write(rest + "\n")
                sys.stdout.flush()
            case "long":
                self.emit("message", item="long", text="x" * int(rest))
            case "spawn":
                daemon = subprocess.Popen(["/bin/sleep", "300"], start_new_session=True)
                Path("daemon.pid").write_text(str(daemon.pid))
            case _:
                self.emit("notice", text=f"not an instruction: {word}")


if __name__ == "__main__":
    with contextlib.suppress(Closed):
        FakeAgent().serve()
