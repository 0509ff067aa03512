"""Audit's pieces on a database, as its wiring makes them, and an origin to put in."""

from dataclasses import dataclass
from typing import Any

from services.audit import wiring
from services.audit.log import Log
from services.audit.opening import OriginOpener
from services.audit.orders import OrderDesk
from services.audit.settings import Settings
from services.audit.store.origins import OriginStore
from services.audit.threats import ThreatDesk
from shared.console.console import Console
from shared.events.values import ClearAddress
from shared.runtime.clock import Clock
from shared.seals.contents import Origin

SENDER = ClearAddress("anna@example.org")


def origin(**changes: Any) -> Origin:
    """An origin as the gateway's edge makes it."""
    given = {
        "ip": "203.0.113.7",
        "port": 51234,
        "destination_ip": "192.0.2.1",
        "destination_port": 443,
        "captured_at_ns": "1795176000123456789",
        "obtained": "socket",
        "claimed_ip": None,
        "sender": SENDER,
        "content_digest": "0" * 64,
    }
    return Origin(**(given | changes))


@dataclass
class Replica:
    """One audit, piece by piece; another one on the same database is another replica."""

    store: OriginStore
    log: Log
    desk: OrderDesk
    threats: ThreatDesk
    console: Console


def replica(
    settings: Settings, database: Any, degraded: set[str], clock: Clock, opener: OriginOpener | None = None
) -> Replica:
    opener = opener or OriginOpener(settings.keys("opening"), settings.keyring())
    store, log = OriginStore(database), wiring.log(settings, database)
    retained = wiring.retention(settings, store, log, clock)
    watched = wiring.watch(settings, database, log, degraded, clock)
    return Replica(
        store,
        log,
        wiring.order_desk(settings, opener, store, log, retained, watched, clock),
        wiring.threat_desk(settings, store, log, clock),
        wiring.console(settings, database, log, clock),
    )
