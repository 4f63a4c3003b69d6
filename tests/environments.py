"""Environments of their own: a Python with some packages, and nothing of the project."""

import os
import subprocess
import sys
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
# Neither the variables of these tests nor those of the portal.
VARIABLES = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}


def run(*command: str | Path, **kwargs) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False, **kwargs)


def succeed(*command: str | Path) -> str:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path, *packages: str) -> Path:
    """Make an environment in the folder, and return its Python."""
    succeed(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    succeed(*PIP, "--python", python, "install", *packages)
    return python
