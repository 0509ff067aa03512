"""The facts about this deployment that pages state. What is not here is not promised."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """Who runs it, and the periods it keeps; each comes from the settings of the service that keeps it."""

    operator: str
    contact: str
    confirm_h: int
    origin_days: int
    delay_max_s: int
    # As people type it, without a slash at the end.
    public_url: str
