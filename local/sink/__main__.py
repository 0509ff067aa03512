"""`python -m local.sink`: the SMTP side and the page, in one process, until SIGTERM."""

import asyncio
from pathlib import Path

import uvicorn
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from local.sink.mailbox import Mailbox
from local.sink.pages import application
from local.sink.receiving import listen


class Settings(BaseSettings):
    """From the environment, prefix SINK_."""

    model_config = SettingsConfigDict(env_prefix="SINK_", frozen=True)

    host: str = Field("127.0.0.1", description="where both sides listen")
    smtp_port: int = Field(description="port that takes mail")
    http_port: int = Field(description="port of the page")
    data_dir: Path = Field(description="folder that keeps the mails")


async def serve(settings: Settings) -> None:
    """Take and show mail until a signal ends the page's server."""
    mailbox = Mailbox(settings.data_dir)
    page = uvicorn.Server(
        uvicorn.Config(
            application(mailbox),
            host=settings.host,
            port=settings.http_port,
            log_level="warning",
            access_log=False,
            lifespan="off",
        )
    )
    async with await listen(mailbox, settings.host, settings.smtp_port):
        await page.serve()


if __name__ == "__main__":
    asyncio.run(serve(Settings()))
