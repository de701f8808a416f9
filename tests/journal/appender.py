"""A process that appends for as long as it lives, and prints what was acknowledged: the victim of the crash tests.

`python -m tests.journal.appender JOURNAL [FILE_SIZE_LIMIT_BYTES]`
"""

import asyncio
import json
import resource
import sys
import zlib
from pathlib import Path

from cockpit.journal.errors import JournalFailedError
from cockpit.journal.repo import Journal
from cockpit.journal.repo.row import Row

SESSIONS = 5


def body_of(number: int) -> str:
    text = f"{number}:" + chr(97 + number % 26) * (number * 37 % 600)
    return json.dumps({"n": number, "text": text, "crc": zlib.crc32(text.encode())})


def is_whole(body: str) -> bool:
    fields = json.loads(body)
    return zlib.crc32(fields["text"].encode()) == fields["crc"] and body == body_of(fields["n"])


async def produce(journal: Journal, session: str, count: int) -> None:
    """Append groups of one to seven rows; the spool offset is always ten times the rows of the session so far."""
    while True:
        size = count % 7 + 1
        rows = [Row(1.5, "said", 1, body_of(count + i), session) for i in range(size)]
        count += size
        seqs = await journal.append(rows, spool=(session, count * 10))
        print(seqs.stop - 1, flush=True)


async def main(path: Path) -> int:
    async with await Journal.open(path) as journal:
        offsets = await journal.spool_offsets()
        print("open", flush=True)
        try:
            async with asyncio.TaskGroup() as group:
                for name in (f"s{i}" for i in range(SESSIONS)):
                    group.create_task(produce(journal, name, offsets.get(name, 0) // 10))
        except* JournalFailedError as failures:
            print("failed", str(failures.exceptions[0]), flush=True)
        return 3 if journal.failure is not None else 0


if __name__ == "__main__":
    if len(sys.argv) > 2:
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
