"""What travels when a page is opened, and whether anything of it comes from elsewhere."""

import re
from urllib.parse import urljoin, urlsplit

from tests.bench.browser import ORIGIN, Browser, Request, Response
from tests.bench.works import PAGES, Place

IN_A_STYLE_SHEET = re.compile(r"url\(['\"]?(?!data:)([^'\")]+)")


def visits(place: Place, browser: Browser) -> list[dict]:
    """Of each page: bytes of its first visit, with an empty cache, and of the next one."""
    found = []
    for name, work in PAGES.items():
        if name.endswith("_post"):
            continue
        browser.cookies = {}
        page = browser.send(next(work(place, browser, 0)))
        files, elsewhere = everything_fetched(browser, page)
        kept = {path for path, file in files.items() if "immutable" in file.header("cache-control")}
        found.append(
            {
                "page": name,
                "options": place.options,
                "first": weight(page) + sum(map(weight, files.values())),
                "next": weight(page) + sum(weight(files[path]) for path in files.keys() - kept),
                "elsewhere": elsewhere,
            }
        )
    return found


def everything_fetched(browser: Browser, page: Response) -> tuple[dict[str, Response], list[str]]:
    """The files of this origin that a page needs, those that a style sheet names too; the rest."""
    files: dict[str, Response] = {}
    elsewhere = []
    waiting = [urljoin(f"{ORIGIN}/", link) for link in page.page.fetched]
    while waiting:
        url = urlsplit(waiting.pop())
        if url.scheme == "data" or url.path in files:
            continue
        if f"{url.scheme}://{url.netloc}" != ORIGIN:
            elsewhere.append(url.geturl())
            continue
        files[url.path] = browser.send(Request(url.path))
        if url.path.endswith(".css"):
            named = IN_A_STYLE_SHEET.findall(files[url.path].body.decode())
            waiting += [urljoin(url.geturl(), link) for link in named]
    return files, elsewhere


def weight(response: Response) -> int:
    """Body and headers, as HTTP/1.1 writes them."""
    headers = (len(f"{name}: {value}\r\n") for name, value in response.headers)
    return len(response.compressed) + sum(headers)
