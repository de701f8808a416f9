"""A session whose workspace has changed, and the supervisor's diff of it."""

from __future__ import annotations

from typing import Any

from cockpit.changes.types import ChangeStat, FileStat
from cockpit.journal import types as ev
from cockpit.protocol.types import GetDiff, ReviewFile
from cockpit.screens.store import Store
from cockpit.sessions import types as said
from cockpit.types import TreeId
from tests.widgets.stories import FakeSupervisor, Journal, push, store_of

LOGIN = """diff --git a/src/login.py b/src/login.py
index 1111111..2222222 100644
--- a/src/login.py
+++ b/src/login.py
@@ -10,6 +10,7 @@ def login(request):
     user = find(request.form["name"])
     if user is None:
         return refuse(request)
-    target = urljoin(request.path, request.args.get("next"))
+    # only paths of our own
+    target = redirect_target(request)
     remember(user)
     return redirect(target)
@@ -40,3 +41,5 @@ def logout(request):
 def logout(request):
     forget(request.user)
+    request.session.clear()
+
     return redirect("/")
"""
TESTS = """diff --git a/tests/test_login.py b/tests/test_login.py
new file mode 100644
index 0000000..3333333
--- /dev/null
+++ b/tests/test_login.py
@@ -0,0 +1,3 @@
+def test_next_is_kept(client):
+    response = client.post("/login?next=/inbox")
+    assert response.location == "/inbox"
"""
LOCK = """diff --git a/uv.lock b/uv.lock
index 4444444..5555555 100644
--- a/uv.lock
+++ b/uv.lock
@@ -1,2 +1,2 @@
-version = 1
+version = 2
 requires-python = ">=3.11"
"""
LOGO = """diff --git a/logo.png b/logo.png
index 6666666..7777777 100644
Binary files a/logo.png and b/logo.png differ
"""
DIFF = LOGIN + TESTS + LOCK + LOGO
FILES = (
    FileStat(path="src/login.py", added=4, removed=1, blob="b1"),
    FileStat(path="tests/test_login.py", status="A", added=3, removed=0, blob="b2"),
    FileStat(path="uv.lock", added=1, removed=1, blob="b3"),
    FileStat(path="logo.png", added=None, removed=None, blob="b4"),
)


class Workspace:
    """A session with a diff that can be changed, told to a store."""

    def __init__(self, text: str = DIFF, files: tuple[FileStat, ...] = FILES) -> None:
        self.journal = Journal()
        self.journal.add(ev.SessionCreated(task=said.Task(prompt="Fix the login redirect."), by="ana"))
        self.supervisor = FakeSupervisor(self.journal)
        self.supervisor.answers["get_diff"] = self._diff
        self.supervisor.answers["review_file"] = self._review
        self.text, self.files = text, files
        self._trees = 0
        self.journal.add(self._measured())
        self.store: Store = store_of(self.journal)

    def change(self, text: str, files: tuple[FileStat, ...] = FILES) -> None:
        """Let the agent change its workspace."""
        self.text, self.files = text, files
        push(self.store, self.journal.add(self._measured()))

    @property
    def fetches(self) -> int:
        """How often the diff was asked for."""
        return sum(isinstance(command, GetDiff) for command in self.supervisor.asked)

    @property
    def tree(self) -> str:
        """The tree of the workspace as it is."""
        return f"{self._trees:040x}"

    def _measured(self) -> ev.ChangeMeasured:
        self._trees += 1
        return ev.ChangeMeasured(stat=ChangeStat(base=TreeId("0" * 40), tree=TreeId(self.tree), files=self.files))

    def _diff(self, _command: GetDiff) -> dict[str, Any]:
        return {"text": self.text, "tree": self.tree, "base": "0" * 40, "is_truncated": False}

    def _review(self, command: ReviewFile) -> dict[str, Any]:
        event = ev.FileReviewed(path=command.path, blob=command.blob, is_reviewed=command.is_reviewed, by="ana")
        push(self.store, self.journal.add(event))
        return {}
