"""What all events have in common: frozen, tolerant to new fields, named by what they concern and what happened."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from shared.events.values import Id


def _to_utc_text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


Moment = Annotated[AwareDatetime, PlainSerializer(_to_utc_text, return_type=str, when_used="json")]


class Event(BaseModel):
    """One thing that happened. `TOPIC` is where it is published; `subject` is the id it concerns."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    TOPIC: ClassVar[str]

    @property
    def subject(self) -> str:
        """The id this event concerns; also the Kafka key unless `key` says otherwise."""
        raise NotImplementedError

    @property
    def act(self) -> str:
        """Tells apart several events of one topic about one subject: a revision, or nothing."""
        return ""

    @property
    def topic(self) -> str:
        """Where this event is published."""
        return self.TOPIC

    @property
    def key(self) -> str:
        """What Kafka keeps in order."""
        return self.subject

    @property
    def event_id(self) -> str:
        """The same for every repeat of the same event, so that a repeat is seen as one."""
        return f"{self.topic}/{self.subject}" + (f"/{self.act}" if self.act else "")


class LeakEvent(Event):
    """An event in the life of one leak."""

    leak_id: Id

    @property
    def subject(self) -> str:
        """The leak."""
        return self.leak_id
