"""What a leak must be to be accepted: the one request model that the API, the pages and the OpenAPI document share."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError
from pydantic_core import PydanticCustomError

from services.gateway.acts import Draft
from shared.events.values import Kind, Language, Relation

MESSAGE_CHARACTERS = 2_000
# RFC 5321 allows 254; what is longer isn't worth parsing.
ADDRESS_CHARACTERS = 320
# RFC 1035 section 2.3.4.
DOMAIN_CHARACTERS = 253
MAX_LINKS = 3
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
# Text only: no control characters but newline and tab, no lone surrogates, and no override that shows another text
# than the one that was read.
NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# What shows nothing: format characters, spaces, and the letters that are blank (Hangul fillers, the Braille blank).
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_BLANK_CATEGORIES = frozenset({"Cc", "Cf", "Mn", "Zs", "Zl", "Zp"})
# email-validator takes 45 µs an address; this finds the plain ones, and a test shows that it takes no other.
_PLAIN_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_PLAIN_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(rf"(?=.{{1,254}}$)(?=[^@]{{1,64}}@)({_PLAIN_LOCAL})@((?:{_PLAIN_LABEL}\.)+([A-Za-z]{{2,63}}))")
_SPECIAL_ENDS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)

# pydantic's word → ours; pydantic's own messages would quote the input.
CODES: Mapping[str, str] = {
    "missing": "missing",
    "string_too_long": "too_long",
    "literal_error": "unknown",
    "extra_forbidden": "unknown",
    "not_an_address": "not_an_address",
    "not_text": "not_text",
    "too_many_links": "too_many_links",
    "not_offered": "not_offered",
}
WRONG_TYPE = "wrong_type"
NAMELESS = "body"
"""Stands for a field that we don't know, since its name is input too."""


def _address(text: str) -> str:
    text = text.strip()
    if not text:
        raise PydanticCustomError("missing", "an address is needed")
    plain = _PLAIN.fullmatch(text)
    if plain and _is_usual(plain.group(2), end=plain.group(3)):
        return f"{plain.group(1)}@{plain.group(2).lower()}"
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise PydanticCustomError("not_an_address", "not an e-mail address") from None
    if found.ascii_email is None:
        raise PydanticCustomError("not_an_address", "not an e-mail address")
    return found.ascii_email


def _is_usual(domain: str, end: str) -> bool:
    # "--" may begin IDNA's labels, and special-use ends (RFC 6761) reach nobody: the library judges those.
    return "--" not in domain and end.lower() not in _SPECIAL_ENDS and len(domain) <= DOMAIN_CHARACTERS


def _newlines(text: object) -> object:
    # Before the length is checked: browsers send two characters for one line break.
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else text


def _message(text: str) -> str:
    text = text.strip()
    if all(one in _BLANK_LETTERS or unicodedata.category(one) in _BLANK_CATEGORIES for one in text):
        raise PydanticCustomError("missing", "a message is needed")
    if NOT_TEXT.search(text):
        raise PydanticCustomError("not_text", "text only")
    if len(_LINK.findall(text)) > MAX_LINKS:
        raise PydanticCustomError("too_many_links", "too many links")
    return text


def _consent(given: bool) -> bool:
    if not given:
        raise PydanticCustomError("missing", "consent is needed")
    return given


def _no_reply(asked: bool) -> bool:
    if asked:
        raise PydanticCustomError("not_offered", "answers aren't offered yet")
    return asked


Address = Annotated[
    str, Field(max_length=ADDRESS_CHARACTERS, json_schema_extra={"format": "email"}), AfterValidator(_address)
]


class LeakRequest(BaseModel):
    """A leak as its sender sends it."""

    # Else pydantic remembers each string of up to 63 characters that it reads from JSON, addresses included.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, cache_strings="none")

    recipient: Address = Field(description="Who gets the leak.", examples=["robin@example.com"])
    message: Annotated[
        str, Field(max_length=MESSAGE_CHARACTERS), BeforeValidator(_newlines), AfterValidator(_message)
    ] = Field(description="Text only, at most three links.", examples=["You sing in the lift. Please never stop."])
    sender: Address = Field(
        description="Your own address. It gets one mail, to confirm the leak, and is kept only under seal.",
        examples=["alex@example.org"],
    )
    relation: Relation = Field(description="Who you are to the recipient, as the mail says it.")
    kind: Kind = Field("other", description="What the leak is, as the mail shows it.")
    language: Language = Field("en", description="The language of the mail around the message.")
    allow_reply: Annotated[StrictBool, AfterValidator(_no_reply)] = Field(
        default=False, description="Answers aren't offered yet: false, or left out."
    )
    consent: Annotated[StrictBool, AfterValidator(_consent)] = Field(
        description="True: a program, and perhaps a person, reads the message before it leaves, "
        "and your origin is kept, sealed."
    )


def codes(refused: ValidationError) -> dict[str, str]:
    """Field → code. Holds nothing of the input: a field that isn't ours is `body`."""
    found: dict[str, str] = {}
    for error in refused.errors(include_url=False, include_context=False, include_input=False):
        name = error["loc"][0] if error["loc"] else NAMELESS
        field = str(name) if name in LeakRequest.model_fields else NAMELESS
        found.setdefault(field, CODES.get(error["type"], WRONG_TYPE))
    return found


def is_json_broken(refused: ValidationError) -> bool:
    """Whether the body was no JSON at all, rather than a leak with faults."""
    return any(error["type"] == "json_invalid" for error in refused.errors(include_url=False, include_input=False))


def read_draft(draft: Draft) -> LeakRequest:
    """A form's draft as a request; raises ValidationError."""
    fields: dict[str, Any] = {name: getattr(draft, name) for name in _DRAFT_FIELDS}
    return LeakRequest.model_validate(fields)


_DRAFT_FIELDS = ("recipient", "message", "sender", "relation", "kind", "language", "consent")
