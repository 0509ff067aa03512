"""Whether one of our own pages made a request, as the browser says: the one rule of gateway and consoles."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers


def made_here(headers: Headers, public_url: str) -> bool | None:
    """True: a page of ours. False: another site's. None: the browser doesn't say, or no page made it.

    Sec-Fetch-Site first: under no-referrer a browser sends `Origin: null` with our own forms. Neighbouring ports of one
    host are same-site, and so are the two consoles of a local stack: only same-origin is ours. Who compares with Origin
    has checked Host before.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return None if site == "none" else site == "same-origin"
    origin = headers.get("origin", "null")
    if origin == "null":
        return None
    return origin == f"{urlsplit(public_url).scheme}://{headers.get('host', '')}"
