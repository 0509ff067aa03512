"""Settings of the verifier, `VERIFIER_...`."""

from typing import ClassVar

from pydantic import Field

from shared.runtime.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """How confirmation mails and confirmed leaks are limited, and how long outcomes are kept."""

    SERVICE: ClassVar[str] = "verifier"
    model_config = settings_config("VERIFIER_")

    confirmation_mails_a_day: int = Field(
        5, ge=0, le=50, description="Confirmation mails to one address a day; silent beyond; 0: no limit"
    )
    confirmed_leaks_a_day: int = Field(
        20, ge=0, le=50, description="Confirmed leaks of one sender a day; withdrawn beyond; 0: no limit"
    )
    check_mail_host: bool = Field(
        default=False, description="Ask DNS whether the sender's mail host exists and takes mail"
    )
    sweep_every_s: float = Field(15.0, gt=0, description="How often unconfirmed leaks are looked for, seconds")
    keep_outcomes_days: int = Field(
        30, ge=3, description="How long an outcome is kept, and the stop link in a confirmation mail works, days"
    )
