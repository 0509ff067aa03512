"""What an address must be for a confirmation mail to be due."""

import dns.asyncresolver
import dns.exception
import dns.resolver
import pytest
from dns.rdtypes.ANY.MX import MX

from services.verifier import addresses
from services.verifier.addresses import AnyMailHost, DnsMailHosts


class RefusingHosts:
    """Refuses one domain, and remembers what it was asked."""

    def __init__(self, refused: str) -> None:
        self.refused = refused
        self.asked: list[str] = []

    async def refuse(self, domain: str) -> bool:
        self.asked.append(domain)
        return domain == self.refused


class ScriptedResolver:
    """Answers every MX question with the same records, or raises."""

    def __init__(self, answer: list[MX] | Exception) -> None:
        self.answer = answer

    async def resolve(self, _domain: str, _kind: str, *, lifetime: float) -> list[MX]:
        assert lifetime <= 2
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def mx(exchange: str) -> MX:
    return MX("IN", "MX", 0, dns.name.from_text(exchange))


ORDINARY = ["anna@example.org", "Anna+leak@sub.example.org", "anna@leak.test", "zoë@exämple.org"]


@pytest.mark.parametrize("address", ORDINARY)
def test_ordinary_addresses_are_well_formed(address: str):
    assert addresses.well_formed(address)


@pytest.mark.parametrize("address", ["", "anna", "anna@", "@example.org", "anna@@example.org", "a b@example.org"])
def test_what_is_no_address_is_not(address: str):
    assert not addresses.well_formed(address)


def test_a_disposable_domain_is_noticed_in_any_spelling():
    assert addresses.is_disposable("anna@Mailinator.com")
    assert not addresses.is_disposable("anna@example.org")


async def test_each_domain_is_looked_up_once_and_a_refusal_meets_all_its_addresses():
    hosts = RefusingHosts("gone.example")
    kept = await addresses.that_take_mail({"a@gone.example", "b@GONE.example", "c@here.example", "nonsense"}, hosts)
    assert kept == {"c@here.example"}
    assert hosts.asked == ["gone.example", "here.example"]


async def test_without_dns_every_host_may_take_mail():
    assert await addresses.that_take_mail({"a@gone.example"}, AnyMailHost()) == {"a@gone.example"}


@pytest.mark.parametrize(
    ("answer", "refuses"),
    [
        (dns.resolver.NXDOMAIN(), True),
        ([mx(".")], True),
        ([mx("mail.example.")], False),
        (dns.resolver.NoAnswer, False),
        (dns.exception.Timeout(), False),
        (dns.resolver.NoNameservers(), False),
    ],
)
async def test_only_a_missing_domain_or_a_null_mx_refuses(answer, refuses: bool):
    if answer is dns.resolver.NoAnswer:
        answer = dns.resolver.NoAnswer(response=dns.message.make_query("example.", "MX"))
    assert await DnsMailHosts(lambda: ScriptedResolver(answer)).refuse("example") is refuses


async def test_a_machine_without_a_resolver_refuses_nobody():
    def unconfigured() -> dns.asyncresolver.Resolver:
        raise dns.resolver.NoResolverConfiguration

    assert await DnsMailHosts(unconfigured).refuse("example") is False
