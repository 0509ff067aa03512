"""Settings of the audit service, from environment variables AUDIT_*."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from shared.console.settings import CONSOLE_URL, ConsoleSettings
from shared.runtime.settings import settings_config


class Settings(ConsoleSettings):
    """Periods are the operator's; the defaults are the law's, as read in November 2026."""

    model_config = settings_config("AUDIT_")
    SERVICE: ClassVar[str] = "audit"

    console_host: str = Field("127.0.0.1", description="Where the console listens; reachable for auditors only")
    console_port: int = Field(8300, ge=0, le=65535, description="Port of the console")
    console_url: str = Field(
        "http://127.0.0.1:8300",
        pattern=CONSOLE_URL,
        description="The console's address as auditors type it; https makes cookies secure",
    )
    session_idle_s: int = Field(900, gt=0, description="A session ends after this long without a click, seconds")
    session_absolute_s: int = Field(14_400, gt=0, description="A session ends after this long in any case, seconds")
    origin_days: int = Field(
        365, gt=0, description="Days that an origin is kept, from its own time (decret 2021-1362: one year)"
    )
    hold_days: int = Field(
        60, gt=0, description="Days at most that an unended order keeps its record from expiring (Reg. (EU) 2023/1543)"
    )
    threat_days: int = Field(60, gt=0, description="Days that a message escalated as a threat to life is kept")
    answer_days: int = Field(10, gt=0, description="Days to answer, from when an order came in (Reg. (EU) 2023/1543)")
    emergency_h: int = Field(8, gt=0, description="Hours to answer an emergency order (Reg. (EU) 2023/1543)")
    approval_h: int = Field(24, gt=0, description="Hours after which an approval that nobody used runs out")
    grounds_file: Path = Field(
        Path(__file__).parent / "grounds.toml", description="The legal grounds to choose from, named in both languages"
    )
    head_file: Path | None = Field(
        None, description="File outside the database that remembers the log's end, so that a log cut short is found"
    )
    reconcile_s: float = Field(15.0, gt=0, description="Seconds between looks for delivered leaks without an origin")
    sweep_s: float = Field(600.0, gt=0, description="Seconds between sweeps of what expired and of holds that ended")
    check_s: float = Field(60.0, gt=0, description="Seconds between checks of the whole log")
