"""Journeys in a real Chromium: what every browser test gets, and what none may do."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection

from profiles.actions.grants import assign_options, assign_roles
from tests.browser import chromium
from tests.conftest import acting

# Playwright's synchronous API keeps an event loop running in the thread of the tests, and Django
# takes any such loop for asynchronous code and refuses it the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
WIDTHS = (360, 1280)
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


# The journeys whose outcome rests on what the database does: two tabs, double clicks, bulk loads.
ON_EVERY_DATABASE = {"test_cartilla.py", "test_interruptions.py", "test_life.py", "test_load.py"}


def pytest_itemcollected(item):
    item.add_marker("browser")
    item.add_marker("no_cover")
    # The server answers in a thread of its own, which sees only what has been committed.
    item.add_marker(pytest.mark.django_db(transaction=True))
    if connection.vendor != "sqlite" and item.path.name not in ON_EVERY_DATABASE:
        item.add_marker(pytest.mark.skip("how a page looks and behaves is tested on SQLite"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, playwright):
    executable = chromium.find(playwright)
    if executable is None:
        # On a build machine a skipped test would not be read.
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("NO CHROMIUM: THE BROWSER TESTS DID NOT RUN. Install it, or: make test CHROMIUM=path")
    return browser_type_launch_args | {
        "executable_path": executable,
        "args": [
            # Its sandbox does not start as root, and all it opens here is our own pages.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            # Nothing but the portal under test: neither Chromium's own errands nor any other name.
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        ],
    }


@pytest.fixture(scope="session")
def base_url(live_server):
    """So that a test says page.goto("/usuarios/")."""
    return live_server.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {
        "locale": "es-PE",
        "timezone_id": "America/Lima",
        "viewport": {"width": 1280, "height": 720},
    }


@pytest.fixture(autouse=True)
def page_faults():
    """Fail the test whose pages raise a script error, break the content security policy or ask
    another site for anything."""
    faults = []
    yield faults
    assert not faults, "\n".join(faults)


@pytest.fixture
def new_context(new_context, page_faults, base_url):
    """Every context is watched, and so every page in it, popups included."""

    def watch(request):
        # data: and blob: never leave the page.
        if urlsplit(request.url).scheme in ("data", "blob"):
            return
        if not request.url.startswith(f"{base_url}/"):
            page_faults.append(f"request to another site: {request.method} {request.url}")

    def read(message):
        if "Content Security Policy" in message.text:
            page_faults.append(f"{message.page.url}: {message.text}")

    def create(**kwargs):
        context = new_context(**kwargs)
        context.on("console", read)
        context.on("request", watch)
        context.on("weberror", lambda fault: page_faults.append(f"script error: {fault.error}"))
        return context

    return create


@pytest.fixture
def no_js_page(new_context):
    return new_context(java_script_enabled=False).new_page()


@pytest.fixture
def page_of(new_context, client_of, base_url):
    """page_of(user) is a page in a browser in which that user has signed in."""

    def make(user, **kwargs):
        context = new_context(**kwargs)
        session = client_of(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
        return context.new_page()

    return make


@pytest.fixture(scope="session")
def axe():
    """axe(page) asserts that the page as it stands has no fault that axe knows in WCAG 2.2 AA, or
    none of ``rules`` among them."""
    engine = Axe()
    every_rule = {"type": "tag", "values": WCAG_22_AA}
    options = {
        "resultTypes": ["violations"],
        # axe would put a style sheet that it preloads into the page, which the policy forbids.
        "preload": False,
    }

    def check(page, *rules):
        # Without them axe waits for ever.
        assert page.evaluate("matchMedia('(scripting: enabled)').matches"), "axe needs scripts"
        asked = {"type": "rule", "values": rules} if rules else every_rule
        if not page.evaluate("'axe' in window"):
            page.evaluate(engine.axe_script)
        run = "options => axe.run(document, options).then(results => results.violations)"
        violations = page.evaluate(run, options | {"runOnly": asked})
        assert not violations, f"axe on {page.url}\n" + "\n".join(map(describe, violations))

    return check


def describe(violation):
    targets = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
    return "\n    ".join(
        [f"{violation['id']} ({violation['impact']}): {violation['help']}", *targets]
    )


@pytest.fixture(scope="session")
def shot():
    """shot(page, "01-ingreso") saves the whole page as it stands, on a phone and on a desk."""

    def save(page, name):
        before = page.viewport_size
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 720})
            # As tall as the page, so that what sticks to the foot of the window stands at its end.
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size(before)

    return save


@pytest.fixture
def is_accessible(axe):
    """is_accessible(page) asserts of the page as it stands: no fault that axe knows, by day and by
    night, and no sideways scrolling on the narrowest screens."""

    def check(page):
        page.set_viewport_size({"width": 1280, "height": 720})
        # Colours caught half-way through a transition would be judged as they never stay. By night
        # nothing is other than they are.
        for scheme, rules in (("light", ()), ("dark", ("color-contrast",))):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            axe(page, *rules)
        for width in (320, 360):
            page.set_viewport_size({"width": width, "height": 720})
            needed = page.evaluate("document.documentElement.scrollWidth")
            assert needed <= width, f"{page.url} is {needed} px wide on a screen of {width}"

    return check


@pytest.fixture
def desk(page_of, principal):
    """The principal's page."""
    return page_of(principal)


@pytest.fixture
def own(page_of, secondary):
    """The secondary user's page."""
    return page_of(secondary)


@pytest.fixture
def grant(principal, secondary):
    """grant(options, roles) makes these what the secondary user holds."""

    def make(options=(), roles=()):
        held = secondary.option_grants.values_list("option_id", flat=True)
        assign_options(actor=acting(principal), user=secondary, codes=options, seen=held)
        held = secondary.role_grants.values_list("role_id", flat=True)
        assign_roles(actor=acting(principal), user=secondary, codes=roles, seen=held)

    return make
