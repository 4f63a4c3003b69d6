"""Which Chromium the browser tests drive; as a program, whether there is one to be driven."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright


def find(playwright: Playwright) -> str | None:
    """The one named in CHROMIUM, else the system's, else the one Playwright installed."""
    if named := os.environ.get("CHROMIUM"):
        # A name that leads nowhere is returned as it is: a mistake to show, not to work around.
        return shutil.which(named) or named
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    downloaded = playwright.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


if __name__ == "__main__":
    try:
        with sync_playwright() as playwright:
            sys.exit(find(playwright) is None)
    except Exception as error:
        sys.exit(f"Playwright does not start: {error}")
