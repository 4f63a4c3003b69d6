"""Going from page to page: a step ends when the next page has loaded, not when the old one was left.

A click returns as soon as it is delivered. Whatever is read after it without waiting is read from
the page before, or from one that has no content yet.
"""


def follow(target):
    """Click a link, or a button that sends its form, and wait for the page it leads to."""
    with target.page.expect_navigation():
        target.click()


def enter(page):
    """Press Enter where it leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")
