"""The headers of every page: nothing is stored, framed, sniffed or loaded from elsewhere."""

from typing import Final

_SOURCES: Final = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def content_policy(**sources: str) -> str:
    """What a page may load: its own files, styles and scripts. Each of `sources` replaces or adds a directive."""
    named = {name.replace("_", "-"): value for name, value in sources.items()}
    return "; ".join(f"{name} {value}" for name, value in {**_SOURCES, **named}.items())


def page_headers(**sources: str) -> dict[str, str]:
    """The headers of a page under `content_policy(**sources)`."""
    return {
        "cache-control": "no-store",
        "content-security-policy": content_policy(**sources),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "vary": "accept-language",
    }
