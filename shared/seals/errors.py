"""What can be wrong with a seal, and with a key."""


class SealBroken(Exception):
    """A seal that is malformed, not signed by a known writer, or not made for this reader, purpose or subject."""


class KeyMissing(Exception):
    """There is no key that may be used now, or none of that id."""
