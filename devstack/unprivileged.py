"""Running a program as an ordinary user when we are root: PostgreSQL refuses to run as root.

A clone under /root (mode 700) cannot be entered by another user. Instead of opening anybody's folders, the program then
keeps one capability, CAP_DAC_OVERRIDE, which Docker too grants by default.
"""

import os
import shutil
import subprocess
from pathlib import Path

from devstack.server import StartError

# Without no_setuid_fixup the capability is ignored by access(2), with which PostgreSQL looks for its own programs.
ENTER_ANY_FOLDER = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]


def as_user(uid: int, gid: int, must_read: list[Path]) -> list[str]:
    """The `setpriv` prefix under which a command runs as `uid` and dies with its parent. Linux only.

    It is tried out on the files that the command `must_read`. Raises StartError when no prefix can read them.
    """
    setpriv = shutil.which("setpriv")
    if setpriv:
        plain = [setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--pdeathsig=KILL"]
        for prefix in (plain, plain + ENTER_ANY_FOLDER):
            if _can_read(prefix, must_read):
                return [*prefix, "--"]
    raise StartError(
        "PostgreSQL does not run as root, and this machine cannot run it as another user "
        "(setpriv of util-linux, with CAP_DAC_OVERRIDE for a private folder): "
        "start as an ordinary user, or set DATABASE_URL to a server of your own"
    )


def hand_over(uid: int, gid: int, *paths: Path) -> None:
    """Give the paths to the user."""
    for path in paths:
        os.chown(path, uid, gid)


def _can_read(prefix: list[str], paths: list[Path]) -> bool:
    probe = subprocess.run(
        [*prefix, "--", "cat", *map(str, paths)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        check=False,
    )
    return probe.returncode == 0
