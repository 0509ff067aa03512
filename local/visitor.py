"""A person at a browser without scripts: opens pages, follows links, presses buttons of forms."""

from html.parser import HTMLParser
from typing import Any

import httpx

from local.failures import Failure


class NotFound(Failure):
    """Nothing is there, or not yet."""


class Visitor:
    """Somebody who visits one of our sites; keeps its cookies."""

    def __init__(self, site: str) -> None:
        self.site = site
        # Both headers as a browser sends them with a form of the site's own page.
        headers = {"origin": site, "sec-fetch-site": "same-origin"}
        self._client = httpx.Client(base_url=site, headers=headers, follow_redirects=True, trust_env=False, timeout=30)

    def open(self, address: str) -> "Page":
        """Go to a page of the site."""
        return self._page(self._client.get(address))

    def press(self, page: "Page", action: str, **typed: str) -> "Page":
        """Press the button of the form that goes to `action`, after typing into its fields."""
        form = next((form for form in page.forms if form.action.endswith(action)), None)
        if form is None:
            raise Failure(f"{page.address} has no button for {action}")
        return self._page(self._client.post(form.action, data={**form.fields, **typed}))

    def get_json(self, path: str, receipt: str | None = None) -> dict[str, Any]:
        """Ask the site's API; a receipt is shown as a program does."""
        headers = {"authorization": f"Bearer {receipt}"} if receipt else {}
        return _json(self._client.get(path, headers=headers))

    def post_json(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Tell the site's API something."""
        return _json(self._client.post(path, json=body))

    def close(self) -> None:
        """Leave."""
        self._client.close()

    def _page(self, answer: httpx.Response) -> "Page":
        if answer.is_error:
            raise Failure(f"{answer.request.method} {answer.request.url} answered {answer.status_code}")
        return Page(str(answer.url), answer.text)


class Form:
    """Where a form goes, and what it carries already."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}


class Page(HTMLParser):
    """What a person finds on a page: its links, its forms, its words."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.words = ""
        self.feed(html)

    def has_button(self, action: str) -> bool:
        """Whether a form goes there."""
        return any(form.action.endswith(action) for form in self.forms)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect links and forms."""
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "form":
            self.forms.append(Form(found.get("action", "")))
        elif tag == "input" and self.forms and found.get("type") == "hidden":
            self.forms[-1].fields[found.get("name", "")] = found.get("value", "")

    def handle_data(self, data: str) -> None:
        """Collect words."""
        self.words += data


def _json(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        kind = NotFound if answer.status_code == httpx.codes.NOT_FOUND else Failure
        raise kind(f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text}")
    body: dict[str, Any] = answer.json()
    return body
