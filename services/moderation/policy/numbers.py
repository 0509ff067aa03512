"""Numbers that identify or pay: phones, cards, IBANs, social security, plates, wallets, sums. Checked, not guessed."""

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from stdnum import iban, luhn
from stdnum.fr import nir
from stdnum.us import ssn

from services.moderation.policy.matching import Match
from services.moderation.policy.reading import Folded
from services.moderation.policy.verdict import Finding, Language, Outcome

# A letter has no use for more; the rest would only cost time.
CANDIDATES_READ: Final = 12

_DIGITS: Final = re.compile(r"(?<![a-z0-9])[+(]{0,2}\d(?:[ .\-()/]{0,3}\d){5,24}(?![a-z0-9])")
_IBAN: Final = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?:[ \-]?[a-z0-9]){11,30}(?![a-z0-9])")
_PLATE: Final = re.compile(r"(?<![a-z0-9\-])[a-hj-np-tv-z]{2}-\d{3}-[a-hj-np-tv-z]{2}(?![a-z0-9\-])")
_WALLET: Final = re.compile(r"(?<![a-z0-9])(?:bc1[a-z0-9]{25,60}|0x[a-f0-9]{40}|[13][a-z0-9]{25,34})(?![a-z0-9])")
_SUM: Final = re.compile(r"[$€£] ?\d{2,}|\d{2,} ?(?:[$€£]|(?:euros?|eur|dollars?|usd|bucks|balles|k)\b)")
NUMBER_WORDS: Final = frozenset({
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double", "un", "deux",
    "trois",
    "quatre", "cinq", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "vingt",
    "trente", "quarante", "cinquante", "soixante",
})  # fmt: skip
# Fewer different number words are a price, a date or a count.
SPELT_DIGITS: Final = 4
_SPELT: Final = re.compile(rf"(?:\b(?:{'|'.join(sorted(NUMBER_WORDS))}|\d{{1,2}})\b[ ,.\-]{{0,3}}(?:et )?){{6,20}}")
_CARD_LENGTHS: Final = range(13, 20)
_PHONE_LENGTHS: Final = range(8, 16)
_DATE: Final = re.compile(
    r"\d{1,4}[./\- ]\d{1,2}[./\- ](?:19|20)\d\d|(?:19|20)\d\d[./\-]\d{1,2}[./\-]\d{1,2}"
    r"|(?:19|20)\d\d ?[\-/] ?(?:19|20)\d\d$"
)
# What stands before a number and says that it is no phone.
_REFERENCE: Final = re.compile(
    r"(?:order|invoice|ref|reference|ticket|tracking|parcel|booking|isbn|model|case|serial|version|commande|facture|colis"
    r"|dossier|suivi|reservation|billet|contrat|article|serie|siret|siren|id|no|n°"
    r"|numero de (?:commande|dossier|suivi|colis))"
    r"(?: (?:number|numero|is|est|n°|no))?[ :#.\-n°]{0,4}$"
)
_ASKS_TO_CALL: Final = re.compile(
    r"\b(?:call|phone|ring|text|whatsapp|mobile|cell|number|dial|sms"
    r"|tel|telephone|appelle|appelez|numero|portable|joindre|contact)\b"
)
_CONTEXT: Final = 40
_REGIONS: Final[dict[Language, tuple[str, ...]]] = {
    "fr": ("FR", "BE", "CH", "CA"),
    "en": ("US", "GB", "IE", "AU", "FR"),
    "und": ("FR", "US", "GB"),
}


def number_matches(folded: Folded, language: Language) -> Iterator[Match]:
    """Numbers in a text that has digits (or spells them)."""
    text = folded.text
    yield from _checked_digits(folded, language)
    for rule, pattern, valid in (("personal-data.iban", _IBAN, iban.is_valid), ("personal-data.plate", _PLATE, bool)):
        for count, found in enumerate(pattern.finditer(text)):
            shorter = found[0] if count < CANDIDATES_READ else ""
            if valid(shorter) or any(valid(shorter[:end]) for end in _word_ends(shorter)):
                yield _match(folded, rule, found.span(), signal="stakes" if rule.endswith("iban") else None)
    for found in _WALLET.finditer(text):
        if any(c.isalpha() for c in found[0]) and sum(c.isdigit() for c in found[0]) > 3:  # noqa: PLR2004 - words have none
            yield _match(folded, "scam.wallet", found.span(), signal="stakes")
    for found in _SUM.finditer(text):
        yield _signal(folded, found.span())
        return


def spelt_number_matches(folded: Folded) -> Iterator[Match]:
    """A phone number in words, which no digit check sees; counting in order is a game or a song."""
    for found in _SPELT.finditer(folded.text):
        said = " ".join(re.findall(r"[a-z]+|\d+", found[0]))
        if not said.startswith(("one two three", "un deux trois")) and len(set(said.split())) >= SPELT_DIGITS:
            yield _match(folded, "personal-data.spelt-number", found.span())


def _word_ends(text: str) -> Iterator[int]:
    return (place.start() for place in re.finditer(r"[ \-]", text))


def _match(folded: Folded, rule: str, span: tuple[int, int], signal: str | None = None) -> Match:
    policy = rule.partition(".")[0]
    return Match(Finding(policy, rule, *folded.span(*span)), Outcome.HOLD, signal)


def _signal(folded: Folded, span: tuple[int, int]) -> Match:
    return Match(Finding("extortion", "extortion.sum", *folded.span(*span)), None, "stakes")


def _checked_digits(folded: Folded, language: Language) -> Iterator[Match]:
    for count, found in enumerate(_DIGITS.finditer(folded.text)):
        if count >= CANDIDATES_READ:
            return
        rule = _kind(found[0], folded.text[max(0, found.start() - _CONTEXT) : found.start()], language)
        if rule:
            yield _match(folded, rule, found.span(), signal="stakes" if rule.endswith("card") else None)


def _kind(written: str, before: str, language: Language) -> str | None:
    # "+33 (0)6": the zero is for calls from within the country.
    digits = "".join(c for c in written.replace("(0)", "") if c.isdigit())
    if len(digits) in _CARD_LENGTHS and digits[0] in "23456" and "(" not in written and luhn.is_valid(digits):
        return "personal-data.card"
    if len(digits) == 15 and nir.is_valid(digits):  # noqa: PLR2004 - 13 digits and a key of two
        return "personal-data.social-security"
    if re.fullmatch(r"\d{3}[- ]\d{2}[- ]\d{4}", written) and ssn.is_valid(digits):
        return "personal-data.social-security"
    if _DATE.match(written) or len(digits) not in _PHONE_LENGTHS or _REFERENCE.search(before):
        return None
    return "personal-data.phone" if _is_phone(written, digits, before, language) else None


def _is_phone(written: str, digits: str, before: str, language: Language) -> bool:
    """A valid number of a likely country; bare digits need a leading 0 or +, or a word that asks to call."""
    if "/" in written and not written.startswith("0"):
        return False
    if written.startswith(("+", "(+")) or digits.startswith("00"):
        return _valid("+" + digits.removeprefix("00"), None)
    grouped = sum(not c.isdigit() for c in written) > 1
    if not (grouped or digits.startswith("0") or _ASKS_TO_CALL.search(before)):
        return False
    return any(_valid(digits, region) for region in _REGIONS[language])


def _valid(number: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False
