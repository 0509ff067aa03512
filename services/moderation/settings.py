"""Settings of moderation, `MODERATION_...`."""

from typing import ClassVar

from pydantic import Field

from shared.console.settings import ConsoleSettings
from shared.runtime.settings import settings_config


class Settings(ConsoleSettings):
    """When approved leaks leave, how long a moderator holds one, how long cases are kept."""

    SERVICE: ClassVar[str] = "moderation"
    model_config = settings_config("MODERATION_")

    delay_max_s: float = Field(
        1_800,
        ge=0,
        le=86_400,
        description="An approved leak is sent after a random time up to this, seconds; 0 where nobody watches mail",
    )
    lease_s: int = Field(600, ge=60, description="A moderator holds a leak this long without a sign of life, seconds")
    appeal_days: int = Field(
        184, ge=1, description="Held and rejected leaks stay readable this long, days (DSA art. 20: six months)"
    )
    record_days: int = Field(365, ge=1, description="What was decided, without its words, is kept this long, days")
    sweep_every_s: float = Field(15.0, gt=0, description="How often ended leaks are erased, seconds")
