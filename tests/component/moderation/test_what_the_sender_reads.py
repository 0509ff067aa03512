"""What a moderator previews is what the sender reads: one code, compared byte for byte."""

import re

import pytest

from services.gateway.acts import Status
from tests.component.moderation.conftest import Moderator, World
from tests.support.fakes.acts import NOON, RECEIPT, FakeActs
from tests.support.page_walk import visitor

REASONS = "It says <b>where</b> she lives & when.\nLeave that out."
TIMELINE = (("awaiting_confirmation", NOON), ("refused", NOON))


def shown(page: str) -> str:
    [found] = re.findall(r'<div class="statement".*?</dl>\n</div>', page, re.DOTALL)
    return str(found)


async def read_by_the_sender(world: World, leak_id: str, language: str) -> str:
    """Opened with the receipt, on the gateway's page."""
    [told] = world.sent()
    statement = world.receipt.statement(leak_id, told["sealed_note"])
    acts = FakeActs(Status(leak_id, "refused", TIMELINE, NOON, can_cancel=False, decision=statement))
    async with visitor(acts) as client:
        page = await client.post("/status", data={"receipt": RECEIPT, "lang": language})
    return page.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_preview_is_byte_for_byte_what_the_sender_reads(world: World, mod_a: Moderator, language: str):
    leak, _ = await world.decide("hold this", language=language)
    case = await mod_a.take_next()
    previewed = await mod_a.see(f"{case}/reject?policy=threat")
    words = previewed.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0]
    await mod_a.act(case, "reject", policy="threat", statement=words.replace("&#39;", "'"))
    assert shown(await read_by_the_sender(world, leak.leak_id, language)) == shown(previewed)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_words_of_a_moderators_own_are_previewed_as_they_will_be_read(
    world: World, mod_a: Moderator, language: str
):
    leak, _ = await world.decide("hold this", language=language)
    case = await mod_a.take_next()
    # Without a policy the page comes back, with the preview of what was typed.
    typed = await mod_a.act(case, "reject", policy="", statement=REASONS)
    await mod_a.act(case, "reject", policy="personal-data", statement=REASONS)
    read = shown(await read_by_the_sender(world, leak.leak_id, language))
    rule = re.compile(r'(<dd class="statement-rule" lang="..">)[^<]*')
    assert rule.sub(r"\1", read) == rule.sub(r"\1", shown(typed.text))
    assert "It says &lt;b&gt;where&lt;/b&gt; she lives &amp; when.\nLeave that out." in read


async def test_a_sender_who_reads_another_language_gets_the_page_in_it_and_the_statement_as_it_is(
    world: World, mod_a: Moderator
):
    leak, _ = await world.decide("hold this", language="fr")
    case = await mod_a.take_next()
    await mod_a.act(case, "reject", policy="threat", statement="Ton message menace.")
    read = shown(await read_by_the_sender(world, leak.leak_id, "en"))
    assert '<div class="statement" lang="en">' in read
    assert '<dd class="statement-rule" lang="fr">Menaces</dd>' in read
    assert '<dd class="statement-reasons" lang="fr">Ton message menace.</dd>' in read
