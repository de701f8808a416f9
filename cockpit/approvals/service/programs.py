"""Programs that do more than their first words tell, and how they show it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from cockpit.approvals.service.danger import Danger, Shape, named
from cockpit.approvals.service.git import git_danger

Judge = Callable[[str, Sequence[str]], Danger | None]
"""Returns what speaks against a program with these arguments."""

_INTERPRETERS = named(
    "sh bash zsh dash ksh fish csh tcsh pwsh powershell busybox node nodejs deno perl ruby php lua luajit rscript"
    " osascript tclsh expect"
)
_PYTHON_OPTIONS = named("-B -I -s -S -u -E -O -OO -q -v -b -P -V --version")
_PYTHON_MODULES = named("code timeit pdb runpy cprofile profile trace http.server zipapp ipython idlelib ensurepip")
_VERSIONED = re.compile(r"(python|pythonw|pypy|pip|ruby|perl|php|lua|node)[\d.]+")
_SED_LINES = re.compile(r"\d+(,(\d+|\$))?p")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9._-]*|@[a-z0-9._-]+/[a-z0-9._-]+")
_TALE = re.compile(r"publish|deploy|release|upload", re.IGNORECASE)


def judge(program: str, arguments: Sequence[str], *, is_first: bool) -> Danger | None:
    """Return what speaks against running a program with these arguments.

    Args:
        program: its name, without a folder.
        arguments: the words after it.
        is_first: it stands where a command begins; else it may be an argument that only looks like a program.
    """
    name = program.casefold()
    if versioned := _VERSIONED.fullmatch(name):
        name = versioned[1]
    if name.startswith(("git-", "mkfs")):
        return Danger(Shape.CODE, program)
    found = _JUDGES.get(name)
    if found is None or (not is_first and not arguments and name in _QUIET_ALONE):
        return None
    return found(name, arguments)


def feeds_on(program: str) -> bool:
    """Return whether a program runs what it is fed."""
    name = program.casefold()
    versioned = _VERSIONED.fullmatch(name)
    name = versioned[1] if versioned else name
    return name in _INTERPRETERS or name in (
        "python",
        "pypy",
        "source",
        "ssh",
        "sqlite3",
        "psql",
        "mysql",
        "at",
        "batch",
    )


def _always(shape: Shape) -> Judge:
    def found(name: str, _arguments: Sequence[str]) -> Danger:
        return Danger(shape, name)

    return found


def _script(name: str, arguments: Sequence[str]) -> Danger | None:
    """An interpreter may run a script; what comes before one is code, or bends how it is run."""
    if not arguments or arguments[0].startswith("-"):
        return Danger(Shape.CODE, " ".join((name, *arguments[:1])))
    return None


def _python(name: str, arguments: Sequence[str]) -> Danger | None:
    for number, word in enumerate(arguments):
        if word == "-m" and len(arguments) > number + 1:
            module = arguments[number + 1].casefold()
            return Danger(Shape.CODE, f"{name} -m {module}") if module in _PYTHON_MODULES else None
        if not word.startswith("-"):
            return None
        if word not in _PYTHON_OPTIONS:
            return Danger(Shape.CODE, f"{name} {word}")
    return None if arguments else Danger(Shape.CODE, name)


def _pip(name: str, arguments: Sequence[str]) -> Danger | None:
    is_reading = bool(arguments) and arguments[0] in ("list", "show", "freeze", "check")
    return None if is_reading else Danger(Shape.NETWORK, " ".join((name, *arguments[:1])))


def _find(name: str, arguments: Sequence[str]) -> Danger | None:
    for word in arguments:
        if word.startswith(("-exec", "-ok", "-fprint", "-fls", "-files0")):
            return Danger(Shape.CODE, f"{name} {word}")
        if word == "-delete":
            return Danger(Shape.DELETE, f"{name} {word}")
    return None


def _fd(name: str, arguments: Sequence[str]) -> Danger | None:
    bad = [w for w in arguments if w.startswith("--exec") or (w[:1] == "-" and w[:2] != "--" and set("xX") & set(w))]
    return Danger(Shape.CODE, f"{name} {bad[0]}") if bad else None


def _sed(name: str, arguments: Sequence[str]) -> Danger | None:
    is_reading = len(arguments) > 1 and arguments[0] == "-n" and _SED_LINES.fullmatch(arguments[1])
    is_harmless = is_reading and not any(word.startswith("-") for word in arguments[2:])
    return None if is_harmless else Danger(Shape.CODE, f"{name} with a script of its own")


def _archive(name: str, arguments: Sequence[str]) -> Danger | None:
    is_listing = bool(arguments) and re.fullmatch(r"-?t[vzjJ]*f?|-?[vzjJ]*t[vzjJ]*f?|-l", arguments[0]) is not None
    is_plain = not any(word.startswith("-") for word in arguments[1:])
    return (
        None
        if is_listing and is_plain
        else Danger(Shape.OUTSIDE, f"{name} packs or unpacks what its words do not name")
    )


def _rm(name: str, arguments: Sequence[str]) -> Danger | None:
    for word in arguments:
        if word == "--":
            break
        is_short = word.startswith("-") and not word.startswith("--")
        if (is_short and set("rRd") & set(word)) or word.startswith(("--r", "--d", "--no-")):
            return Danger(Shape.DELETE, f"{name} {word}")
    return None


def _chmod(name: str, arguments: Sequence[str]) -> Danger | None:
    for word in arguments:
        is_short = word.startswith("-") and not word.startswith("--")
        if (is_short and "R" in word) or word.startswith(("--r", "--f")):
            return Danger(Shape.PERMISSION, f"{name} {word}")
        if re.fullmatch(r"0?[2467]\d{3}|[ugoa,]*[+=][rwxXt]*s\w*", word):
            return Danger(Shape.PERMISSION, f"{name} {word}")
    return None


def _make(name: str, arguments: Sequence[str]) -> Danger | None:
    for word in arguments:
        if ("=" in word) or (word.startswith("-") and not re.fullmatch(r"-[skBqn]|-j\d*|--silent|--keep-going", word)):
            return Danger(Shape.CODE, f"{name} {word}")
    return _told_by_name(name, arguments)


def _told_by_name(name: str, arguments: Iterable[str]) -> Danger | None:
    """A target or script that is called so publishes, in all likelihood."""
    told = next((word for word in arguments if _TALE.search(word) and not word.startswith("-")), None)
    return Danger(Shape.PUBLISH, f"{name} {told}") if told else None


def _subcommands(allowed: str, publishing: str = "", *, runs: str = "", options: str = "") -> Judge:
    """Judge a program of many commands: those that are known are fine, those that publish are told, the rest is asked.

    `runs` are the commands that run something by its name, with no options but `options` before it.
    """
    fine, shared, running, calm = named(allowed), named(publishing), named(runs), named(options)

    def found(name: str, arguments: Sequence[str]) -> Danger | None:
        command = arguments[0] if arguments else ""
        words = " ".join((name, command)).strip()
        if command in running:
            return _run(words, arguments[1:], calm)
        if command in fine:
            return None
        if command in shared:
            return Danger(Shape.PUBLISH, words)
        is_option = command.startswith("-") or not command
        return Danger(Shape.CODE if is_option else Shape.NETWORK, words)

    return found


def _run(words: str, arguments: Sequence[str], calm: frozenset[str]) -> Danger | None:
    """Judge what names something to run: its options come first, and nothing but a name follows."""
    names = 0
    for word in arguments:
        if word == "--":
            break
        if word.startswith("-"):
            if word not in calm and names == 0:
                return Danger(Shape.CODE, f"{words} {word}")
            continue
        names += 1
        if names == 1 and ("://" in word or "@" in word[1:]):
            return Danger(Shape.DOWNLOAD, f"{words} {word}")
    return _told_by_name(words, [word for word in arguments if not word.startswith("-")][:1])


def _npm(name: str, arguments: Sequence[str]) -> Danger | None:
    """Judge npm, which takes options after a script's name for its own, up to `--`."""
    danger = _NPM(name, arguments)
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    bad = [w for w in before if w.startswith("-") and w not in ("-s", "--silent", "--if-present")]
    return danger or (Danger(Shape.CODE, f"{name} {bad[0]}") if bad else None)


_NPM = _subcommands(
    "test t ls list outdated why explain start",
    "publish unpublish deprecate owner access dist-tag adduser login token",
    runs="run run-script",
    options="-s --silent --if-present",
)


def _npx(name: str, arguments: Sequence[str]) -> Danger | None:
    first = arguments[0] if arguments else ""
    return None if _PACKAGE.fullmatch(first) else Danger(Shape.DOWNLOAD, f"{name} {first}".strip())


def _go(name: str, arguments: Sequence[str]) -> Danger | None:
    for word in arguments:
        if word.lstrip("-").partition("=")[0] in ("exec", "toolexec", "overlay", "modfile", "vettool", "C", "o"):
            return Danger(Shape.CODE, f"{name} {word}")
    return _GO(name, arguments)


_GO = _subcommands("build test vet fmt list version doc", runs="run")


def _maven(name: str, arguments: Sequence[str]) -> Danger | None:
    for word in arguments:
        if word.startswith(("-D", "-I", "--init", "-f", "-s", "exec:", "antrun:")):
            return Danger(Shape.CODE, f"{name} {word}")
    return _told_by_name(name, arguments)


def _table(*rows: tuple[str, Judge]) -> dict[str, Judge]:
    return {name: found for names, found in rows for name in names.split()}


_JUDGES: dict[str, Judge] = _table(
    ("sudo su doas pkexec run0 runuser setpriv chroot nsenter unshare sg newgrp machinectl", _always(Shape.PRIVILEGE)),
    ("mount umount sysctl modprobe iptables reboot shutdown halt systemctl launchctl", _always(Shape.PRIVILEGE)),
    (
        "env xargs parallel eval exec command nohup nice ionice time stdbuf setsid taskset watch entr",
        _always(Shape.CODE),
    ),
    ("awk gawk mawk nawk ed ex vi vim nvim view emacs nano less more man script gdb lldb strace", _always(Shape.CODE)),
    ("sqlite3 psql mysql mongo redis-cli jshell ghci irb ipython bc dc m4 timeout flock", _always(Shape.CODE)),
    ("screen tmux at batch crontab systemd-run osascript open xdg-open", _always(Shape.OUTSIDE)),
    ("kill pkill killall skill docker podman nerdctl buildah kubectl helm vagrant", _always(Shape.OUTSIDE)),
    (
        "curl wget nc ncat netcat socat telnet ftp tftp aria2c http https xh dig nslookup host ping",
        _always(Shape.NETWORK),
    ),
    ("ssh scp sftp rsync rclone mosh ssh-add ssh-keygen ssh-copy-id gpg pass security", _always(Shape.OUTSIDE)),
    (
        "gh glab hub twine flit terraform tofu ansible ansible-playbook aws gcloud az heroku fly flyctl",
        _always(Shape.PUBLISH),
    ),
    ("vercel netlify wrangler pulumi serverless gsutil", _always(Shape.PUBLISH)),
    ("chown chgrp setfacl chattr xattr setcap", _always(Shape.PERMISSION)),
    ("shred dd wipefs fdisk parted srm", _always(Shape.DELETE)),
    ("tar bsdtar zip unzip 7z 7za cpio pax ar unar rar unrar", _archive),
    (" ".join(_INTERPRETERS), _script),
    ("python pythonw pypy", _python),
    ("pip", _pip),
    ("git", lambda _name, arguments: git_danger(arguments)),
    ("find gfind", _find),
    ("fd fdfind", _fd),
    ("sed gsed", _sed),
    ("rm grm", _rm),
    ("chmod gchmod", _chmod),
    ("make gmake just ninja task rake", _make),
    ("npm", _npm),
    (
        "pnpm yarn",
        _subcommands("test t list why outdated start", "publish", runs="run", options="-s --silent --if-present"),
    ),
    ("bun", _subcommands("test", "publish", runs="run", options="--silent")),
    ("npx bunx pnpx", _npx),
    ("uvx pipx", _always(Shape.DOWNLOAD)),
    (
        "uv",
        _subcommands("tree version", "publish", runs="run", options="-q --quiet --frozen --locked --no-sync --offline"),
    ),
    ("poetry pdm hatch rye pipenv", _subcommands("show check", "publish", runs="run", options="-q --quiet")),
    (
        "cargo",
        _subcommands("build b check c test t clippy fmt doc bench run r tree metadata", "publish yank owner login"),
    ),
    ("go", _go),
    ("bundle", _subcommands("list", "release", runs="exec")),
    ("gem", _subcommands("list", "push yank owner signin")),
    ("dotnet", _subcommands("build test format", "nuget publish", runs="run")),
    ("mvn mvnw gradle gradlew", _maven),
)
_QUIET_ALONE = _INTERPRETERS | named("git python make pip npm uv cargo go bundle find tar zip test open task time")
"""Names that are ordinary words, too: as a mere last argument they are one."""
