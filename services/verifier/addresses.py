"""What an address looks like, and whether its host takes mail. Addresses are held in memory only, and never logged."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol, cast

import dns.asyncresolver
import dns.exception
import dns.resolver
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email

from shared.events.values import ClearAddress
from shared.mailboxes import domain_of

LOOKUP_S = 2.0
CACHED_DOMAINS = 10_000


class MailHosts(Protocol):
    """Answers whether a domain takes mail."""

    async def refuse(self, domain: str) -> bool:
        """True only when the domain itself says that it takes no mail."""


class AnyMailHost:
    """For places without DNS: every host may take mail."""

    async def refuse(self, domain: str) -> bool:  # noqa: ARG002  # the protocol's parameter
        """Nobody says no."""
        return False


class DnsMailHosts:
    """Asks DNS. A lookup that fails refuses nobody: the mail server will find out."""

    def __init__(self, resolver: Callable[[], "Resolver"]) -> None:
        """`resolver` is called when first needed: without a configuration it raises, which is a lookup that fails."""
        self._make = resolver
        self._resolver: Resolver | None = None

    async def refuse(self, domain: str) -> bool:
        """True when the domain does not exist, or has a null MX (RFC 7505)."""
        try:
            self._resolver = self._resolver or self._make()
            answer = await self._resolver.resolve(domain, "MX", lifetime=LOOKUP_S)
        except dns.resolver.NXDOMAIN:
            return True
        except dns.exception.DNSException:
            # No MX at all is fine too: mail goes to the domain's own address (RFC 5321 section 5.1).
            return False
        return [str(record.exchange) for record in answer] == ["."]


class Resolver(Protocol):
    """The one question that is asked of `dns.asyncresolver.Resolver`."""

    async def resolve(self, domain: str, kind: str, *, lifetime: float) -> Iterable[Any]:
        """The records of one kind."""


def caching_resolver() -> Resolver:
    """The machine's own resolver, remembering domains for as long as their records say."""
    resolver = dns.asyncresolver.Resolver()
    resolver.cache = dns.resolver.LRUCache(CACHED_DOMAINS)
    return cast("Resolver", resolver)


def well_formed(address: ClearAddress) -> bool:
    """Syntax only; whether a mail can get there is the mail host's to say."""
    try:
        # Names reserved for tests (RFC 6761) pass: what the gateway took must not vanish here in silence.
        validate_email(address, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def is_disposable(address: ClearAddress) -> bool:
    """A signal, not a verdict: people with good reasons use such addresses."""
    return domain_of(address) in blocklist


async def that_take_mail(addresses: Collection[ClearAddress], hosts: MailHosts) -> set[ClearAddress]:
    """Those of `addresses` that are well-formed and whose host doesn't refuse; one lookup a domain."""
    candidates = {address for address in addresses if well_formed(address)}
    domains = sorted({domain_of(address) for address in candidates})
    refusals = await asyncio.gather(*(hosts.refuse(domain) for domain in domains))
    refused = {domain for domain, refuses in zip(domains, refusals, strict=True) if refuses}
    return {address for address in candidates if domain_of(address) not in refused}
