"""Numbers, addresses and links: checked by what they are, so that prices, dates and orders pass."""

# ruff: noqa: RUF001 - look-alike letters are what is tested here

import pytest

from services.moderation.policy import Outcome, evaluate


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("06 12 34 56 78", "personal-data.phone"),
        ("0612345678", "personal-data.phone"),
        ("+33 (0)6 12 34 56 78", "personal-data.phone"),
        ("text me on (202) 555-0143", "personal-data.phone"),
        ("zero six, douze, trente-quatre, cinquante-six, vingt-huit", "personal-data.spelt-number"),
        ("4111-1111-1111-1111", "personal-data.card"),
        ("FR14 2004 1010 0505 0001 3M02 606 merci", "personal-data.iban"),
        ("1 85 05 78 006 084 91", "personal-data.social-security"),
        ("AB-123-CD", "personal-data.plate"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "scam.wallet"),
        ("22 Baker Street", "personal-data.street"),
        ("3 place de la République à Lyon", "personal-data.street"),
        ("SW1A 1AA", "personal-data.postcode"),
        ("jane@example.com", "personal-data.email"),
        ("jane [at] example [dot] com", "personal-data.email"),
        ("https://paypal.com.example.org/login", "scam.link-brand"),
        ("https://xn--pypal-4ve.com", "scam.link-lookalike"),
        ("https://pаypal.com", "scam.link-lookalike"),
        ("https://example.com/a/setup.exe?x=1", "scam.link-program"),
        ("http://10.0.0.1/x", "scam.link-numeric"),
        ("https://google.com@example.org/", "scam.link-user"),
        ("hxxps://example.com/x", "scam.link-scheme"),
        ("javascript:alert(1)", "scam.link-scheme"),
    ],
)
def test_what_identifies_or_endangers_is_held(text, rule):
    verdict = evaluate(text)
    assert rule in {finding.rule for finding in verdict.findings}
    assert verdict.outcome is Outcome.HOLD


@pytest.mark.parametrize(
    "text",
    [
        "12/05/2024 10:30", "2024-05-12", "1998 - 2024", "order number 2025551234", "commande n° 0612345678 9",
        "3,141592653589793", "10 000 000 étoiles", "page 1234", "18h45", "2 places de cinéma",
        "I have 2 kids and drive",
        "5 minutes down the road", "4111 1111 1111 1112", "https://www.paypal.com/fr", "https://amazon.co.uk/dp/1",
        "see example.org and bbc.co.uk", "e.g. this, i.e. that", "fin.Merci", "1, 2, 3, 4, 5, 6, 7, 8, 9",
        "un deux trois quatre cinq six sept",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_passes(text):
    assert evaluate(text).findings == ()


def test_two_plain_links_pass_and_a_third_is_held():
    two = "https://a.example/1 https://b.example/2"
    assert evaluate(two).outcome is Outcome.APPROVE
    assert evaluate(f"{two} https://c.example/3").policy == "spam"
