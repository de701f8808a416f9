"""A small stand-in for `codex app-server`: each message names what it does. `python peer.py [TRAIT...] app-server`.

Standard library only, one thread: it reads a line, does what is asked, and reads on. It says what the real one says in
the same order, and where a trait asks for it, behaves as badly as a real one can.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

THREAD = "thread-1"
Message = dict[str, Any]


class Peer:
    """Speaks for codex."""

    def __init__(self, traits: list[str]) -> None:
        self.traits = traits
        self.home = Path(os.environ["CODEX_HOME"])
        self.turns: int = 0
        self.items: int = 0
        self.asked: int = 0
        self.disturbances = 0

    # -- the wire

    def write(self, message: Message) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    def read(self) -> Message:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        message: Message = json.loads(line)
        return message

    def tell(self, method: str, **params: Any) -> None:
        self.write({"method": method, "params": {"threadId": THREAD, "turnId": self.turn, **params}})

    def reply(self, message: Message, **result: Any) -> None:
        self.write({"id": message["id"], "result": result})

    def refuse(self, message: Message, why: str) -> None:
        self.write({"id": message["id"], "error": {"code": -32600, "message": why}})

    def ask(self, method: str, **params: Any) -> Message:
        """Ask the client; what else it says meanwhile is carried out."""
        number = self.send(method, **params)
        while True:
            message = self.read()
            if message.get("id") == number and "method" not in message:
                return message
            self.meanwhile(message)

    def send(self, method: str, **params: Any) -> int:
        number, self.asked = self.asked, self.asked + 1
        self.write({"id": number, "method": method, "params": {"threadId": THREAD, "turnId": self.turn, **params}})
        return number

    # -- life

    @property
    def turn(self) -> str:
        return f"turn-{self.turns}"

    def item(self, kind: str, **fields: Any) -> Message:
        self.items += 1
        return {"type": kind, "id": f"item-{os.getpid()}-{self.items}", **fields}

    def say(self, text: str) -> None:
        item = self.item("agentMessage", text="")
        self.tell("item/started", item=item)
        self.tell("item/agentMessage/delta", itemId=item["id"], delta=text)
        self.tell("item/completed", item={**item, "text": text})

    def user(self, params: Message) -> None:
        client = params.get("clientUserMessageId")
        item = self.item("userMessage", clientId=client, content=params["input"])
        self.tell("item/started", item=item)
        self.tell("item/completed", item=item)

    def complete(self, status: str = "completed", error: Message | None = None) -> None:
        turn: Message = {"id": self.turn, "status": status, "error": error, "items": []}
        self.write({"method": "turn/completed", "params": {"threadId": THREAD, "turn": turn}})

    def serve(self) -> None:
        while True:
            self.carry_out(self.read())

    def carry_out(self, message: Message) -> None:
        match message.get("method"):
            case "initialize":
                version = "0.42.0" if "old" in self.traits else "0.169.0"
                self.reply(message, userAgent=f"cockpit/{version} (a stand-in)", codexHome=str(self.home))
            case "thread/start" | "thread/resume" | "thread/fork":
                self.begin(message)
            case "turn/start":
                self.turns += 1
                self.reply(message, turn={"id": self.turn, "status": "inProgress"})
                self.work(message["params"])
            case "review/start":
                self.turns += 1
                self.reply(message, turn={"id": self.turn}, reviewThreadId=THREAD)
                self.write({"method": "turn/started", "params": {"threadId": THREAD, "turn": {"id": "inner"}}})
                self.tell("item/completed", item=self.item("exitedReviewMode", review="looks good"))
                self.complete()
            case "turn/steer" | "turn/interrupt":
                self.refuse(message, "no active turn")
            case "thread/backgroundTerminals/clean":
                self.reply(message)
            case "model/list":
                self.reply(message, data=[{"id": "a-model", "model": "a-model", "hidden": False}])

    def begin(self, message: Message) -> None:
        if "lost" in self.traits and message["method"] == "thread/resume":
            self.refuse(message, "no rollout found for thread")
            return
        if "disturbed" in self.traits and self.disturbances < 2:
            self.disturbances += 1
            self.refuse(message, "error creating thread: fs sandbox helper failed with status 1: Can't remount")
            return
        if "refuses" in self.traits:
            self.refuse(message, "config.toml: unknown key")
            return
        servers = message["params"]["config"].get("mcp_servers", {})
        self.reply(message, thread={"id": THREAD}, model="a-model")
        for name in servers:
            self.tell("mcpServer/startupStatus/updated", name=name, status="starting", error=None)
            if "broken-tools" in self.traits:
                self.tell("mcpServer/startupStatus/updated", name=name, status="failed", error="connection refused")
            elif "slow-tools" not in self.traits:
                time.sleep(0.1)
                self.tell("mcpServer/startupStatus/updated", name=name, status="ready", error=None)

    def work(self, params: Message) -> None:
        self.write({"method": "turn/started", "params": {"threadId": THREAD, "turn": {"id": self.turn}}})
        self.user(params)
        words = params["input"][0]["text"].split()
        if "mortal" in self.traits:
            self.do_die()
        act = getattr(self, f"do_{words[0].replace('-', '_')}", None)
        if act is None:
            self.say(f"heard: {params['input'][0]['text']}")
        elif act(*words[1:]) is not None:
            return
        self.complete()

    def meanwhile(self, message: Message) -> None:
        """Carry out what the client wants while a turn runs."""
        match message.get("method"):
            case "turn/steer":
                self.reply(message, turnId=self.turn)
                self.user(message["params"])
            case "thread/backgroundTerminals/clean":
                self.reply(message)
            case "turn/interrupt":
                self.reply(message)
                self.complete("interrupted")
                self.serve()
            case _:
                self.refuse(message, "not now")

    # -- what a message can ask for

    def do_ask(self, method: str, params: str = "{}") -> None:
        """Ask what the message says; tell what was answered."""
        answer = self.ask(method, **json.loads(params))
        self.say(json.dumps(answer.get("result", answer.get("error"))))

    def do_change(self) -> None:
        """Ask to change a file, as codex does: the diff comes with the item."""
        changes = [{"path": f"{Path.cwd()}/a.py", "kind": {"type": "update", "move_path": None}, "diff": "-old\n+new"}]
        item = self.item("fileChange", changes=changes, status="inProgress")
        self.tell("item/started", item=item)
        answer = self.ask("item/fileChange/requestApproval", itemId=item["id"], reason="it is old")
        status = "completed" if answer["result"]["decision"] == "accept" else "declined"
        self.tell("item/completed", item={**item, "status": status})

    def do_withdraw(self) -> None:
        """Ask, and take the question back when the client says something else."""
        number = self.send("item/commandExecution/requestApproval", command="true", cwd="/")
        self.meanwhile(self.read())
        self.write({"method": "serverRequest/resolved", "params": {"threadId": THREAD, "requestId": number}})

    def do_wait(self) -> None:
        """Run a command until told otherwise."""
        item = self.item("commandExecution", command="/bin/bash -lc 'sleep 600'", cwd="/", status="inProgress")
        self.tell("item/started", item=item)
        while True:
            self.meanwhile(self.read())

    def do_write(self) -> None:
        """Write a message until told otherwise."""
        item = self.item("agentMessage", text="")
        self.tell("item/started", item=item)
        self.tell("item/agentMessage/delta", itemId=item["id"], delta="half a sen")
        self.meanwhile(self.read())
        self.say("another thing")

    def do_deaf(self) -> None:
        """Start a command of one's own and hear nothing more."""
        subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
        item = self.item("commandExecution", command="sleep 600", cwd="/", status="inProgress")
        self.tell("item/started", item=item)
        while True:
            self.read()

    def do_die(self) -> None:
        """End in the middle."""
        sys.stderr.write("thread 'main' panicked at the disco\n")
        sys.exit(3)

    def do_die_asking(self) -> None:
        """End with a question open."""
        self.send("item/commandExecution/requestApproval", command="true", cwd="/")
        time.sleep(0.3)
        self.do_die()

    def do_retry(self) -> None:
        """Find no endpoint, again and again."""
        error = {"message": "Reconnecting", "additionalDetails": "connection refused"}
        for _ in range(3):
            self.tell("error", error=error, willRetry=True)
        while True:
            self.meanwhile(self.read())

    def do_fail(self) -> bool:
        """End badly."""
        error = {"message": "the model is overloaded", "additionalDetails": None}
        self.tell("error", error=error, willRetry=False)
        self.complete("failed", error)
        return True

    def do_flood(self) -> None:
        """Write more than anybody wants to read."""
        item = self.item("commandExecution", command="yes", cwd="/", status="inProgress")
        self.tell("item/started", item=item)
        for _ in range(500):
            self.tell("item/commandExecution/outputDelta", itemId=item["id"], delta="y\n" * 5000)
        output = "y\n" * 1_000_000
        self.tell("item/completed", item={**item, "status": "completed", "exitCode": 0, "aggregatedOutput": output})

    def do_babble(self) -> None:
        """Write what is no message, or one of a shape nobody knows."""
        sys.stdout.write("x" * (33 << 20) + "\n")
        for line in ("not json", "[1, 2]", '{"no": "sense"}', '{"method": "item/started", "params": {"item": 7}}'):
            sys.stdout.write(line + "\n")
        self.write({"method": "item/completed", "params": {"threadId": THREAD}})
        self.write({"method": "something/new", "params": {}})
        sys.stdout.write("blah\n" * 1000)
        self.write({"id": 4711, "result": {}})
        self.say("still here")


def main() -> None:
    traits = sys.argv[1:]
    if traits[-1] == "--version":
        sys.stdout.write("codex-cli 0.30.1\n")
    elif "ancient" in traits:
        sys.stderr.write("error: unrecognized subcommand 'app-server'\n")
        sys.exit(2)
    else:
        Peer(traits).serve()


if __name__ == "__main__":
    main()
