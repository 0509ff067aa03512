"""What an address looks like, and whether its host takes mail. Addresses are held in memory only, and never logged."""

import asyncio
from collections.abc import Collection
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.resolver
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email

from shared.digests import domain_of

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

    def __init__(self) -> None:
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def refuse(self, domain: str) -> bool:
        """True when the domain does not exist, or has a null MX (RFC 7505)."""
        try:
            answer = await self._dns().resolve(domain, "MX", lifetime=LOOKUP_S)
        except dns.resolver.NXDOMAIN:
            return True
        except dns.exception.DNSException:
            # No MX at all is fine too: mail goes to the domain's own address (RFC 5321 section 5.1).
            return False
        return [str(record.exchange) for record in answer] == ["."]

    def _dns(self) -> dns.asyncresolver.Resolver:
        # Made late: without a resolver's configuration this raises, which is one more lookup that fails.
        if self._resolver is None:
            self._resolver = dns.asyncresolver.Resolver()
            self._resolver.cache = dns.resolver.LRUCache(CACHED_DOMAINS)
        return self._resolver


def well_formed(address: str) -> bool:
    """Syntax only; whether a mail can get there is the mail host's to say."""
    try:
        validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True


def is_disposable(address: str) -> bool:
    """A signal, not a verdict: people with good reasons use such addresses."""
    return domain_of(address) in blocklist


async def that_take_mail(addresses: Collection[str], hosts: MailHosts) -> set[str]:
    """Those of `addresses` that are well-formed and whose host doesn't refuse; one lookup a domain."""
    candidates = {address for address in addresses if well_formed(address)}
    domains = sorted({domain_of(address) for address in candidates})
    refusals = await asyncio.gather(*(hosts.refuse(domain) for domain in domains))
    refused = {domain for domain, refuses in zip(domains, refusals, strict=True) if refuses}
    return {address for address in candidates if domain_of(address) not in refused}
