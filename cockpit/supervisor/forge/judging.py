"""What candidates of a forge do: to its examples, in the checkout, in running sessions and in accepted commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from cockpit.providers.git.run import Git
from cockpit.rules.runtime.gate import Gate, Question
from cockpit.rules.runtime.history import History
from cockpit.rules.runtime.tree_scan import Tree
from cockpit.rules.types import Example, Rule
from cockpit.rules.types.forge import News
from cockpit.supervisor.forge.books import TREE, Books
from cockpit.supervisor.forge.sessions import Workspaces
from cockpit.supervisor.services import Services

COMMITS = 200


class Judging:
    """Lets the gate judge and enters what it tells; `changed` is called whenever there is news."""

    def __init__(self, services: Services, books: Books, changed: Callable[[], None]) -> None:
        self._services, self._books, self._changed = services, books, changed

    @property
    def tree(self) -> Tree | None:
        """The person's checkout; None: there is none."""
        repository = self._services.repository
        return None if repository.is_bare else Tree(TREE, repository.root)

    async def examples(self, gate: Gate, numbers: Sequence[int], examples: Sequence[Example]) -> None:
        """Hold candidates against the examples alone. Raises `RulesError`."""
        await gate.judge(Question(self._books.candidates(numbers), examples), self._taker(numbers))
        self._books.rank()
        self._changed()

    async def everything(
        self, gate: Gate, numbers: Sequence[int], examples: Sequence[Example], others: Sequence[Rule]
    ) -> None:
        """Hold candidates against everything there is. Raises `RulesError`, `GitError`."""
        self._books.begin(numbers)
        trees = [self.tree] if self.tree is not None else []
        question = Question(self._books.candidates(numbers), examples, others, trees, await self._history())
        workspaces = Workspaces(self._services, self._books)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(gate.judge(question, self._taker(numbers)))
            tasks.create_task(workspaces.look(gate, numbers, self._changed))
        self._books.judged(numbers)
        root = self._services.repository.root
        self._books.illustrated(await asyncio.to_thread(self._books.illustrate, root))
        self._books.rank()

    def _taker(self, numbers: Sequence[int]) -> Callable[[News], None]:
        def tell(news: News) -> None:
            self._books.take(news, numbers)
            self._changed()

        return tell

    async def _history(self) -> History | None:
        repository = self._services.repository
        target = self._services.record.state.target
        tip = await repository.branch_tip(target) if target else None
        return History(Git(repository.places.owned), tip, COMMITS) if tip is not None else None
