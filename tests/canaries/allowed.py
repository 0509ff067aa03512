"""design.md's "Who may know what", as a table: which kind of mark may be seen where. What is not in it, nowhere."""

from tests.canaries.scanner import Hit

# The place is what a piece's name begins with.
OWN: dict[str, frozenset[str]] = {
    "mail to a recipient": frozenset({"recipient", "recipient domain", "message", "token"}),
    "mail to a sender": frozenset({"sender", "sender domain", "token"}),
}
"""Only one's own: of another's, nothing."""
ANYBODYS: dict[str, frozenset[str]] = {
    "topic": frozenset({"leak id", "seal"}),
    "the services' server": frozenset({"leak id", "seal"}),
    "audit's server": frozenset({"leak id", "seal"}),
    "file": frozenset({"leak id", "seal"}),
    "log": frozenset({"leak id"}),
    # Sealed again as long as nobody asked for them; shown to the moderator who claimed the case.
    "moderators' page": frozenset({"message", "details"}),
    # A page's form carries the token of the link that led to it.
    "answer": frozenset({"leak id", "receipt", "token"}),
}


def is_allowed(hit: Hit, owner: int | None = None) -> bool:
    """Whether the table has it; `owner` is whose mail it is."""
    place = next((place for place in (*OWN, *ANYBODYS) if hit.where.startswith(place)), "")
    if hit.mark.kind in ANYBODYS.get(place, ()):
        return True
    return hit.mark.kind in OWN.get(place, ()) and (hit.mark.owner is None or hit.mark.owner == owner)
