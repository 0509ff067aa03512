"""Entering an order, step by step: what it needs, and how the leak is found from its mail."""

from typing import Any

import pytest

from services.audit import forms
from tests.component.audit.conftest import MESSAGE_ID, PAPER, World


async def test_an_order_is_entered_step_by_step_and_kept_at_the_last(world: World) -> None:
    leak_id = await world.leak()
    form: dict[str, Any] = {"go": "on"}
    async with world.browser("ada") as ada:
        for step, names in enumerate(
            (
                ("authority", "authorised_by", "reference", "received_at", "urgency"),
                ("ground", "called_back"),
                (),
            )
        ):
            form |= {"step": str(step), **{name: PAPER[name] for name in names}}
            if step == 2:
                form |= {"leak_id": leak_id, "fields": ["ip", "time"]}
            answer = await ada.post("/orders/new", data=form)
            assert answer.status_code == 200
            assert f"Step {step + 2} of 4" in answer.text
            assert await world.acts() == []
        assert (await ada.post("/orders/new", data={**form, "step": "3"})).status_code == 422
        assert await world.acts() == []
        answer = await ada.post("/orders/new", data={**form, "step": "3", "confirmed": "yes"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/orders/1")
    order = (await world.desk.orders())[1]
    assert order.draft == world.draft(leak_id, "ip", "time", received_at=order.draft.received_at)
    assert f"{order.due_at:%Y-%m-%d %H:%M}" == "2026-11-30 09:30"


@pytest.mark.parametrize("name", [*PAPER, "leak_id", "fields"])
async def test_an_incomplete_order_is_not_entered_and_says_what_is_missing(world: World, name: str) -> None:
    form = {**PAPER, "leak_id": "ab" * 16, "fields": "ip", "step": "3", "go": "on", "confirmed": "yes", name: ""}
    async with world.browser("ada") as ada:
        answer = await ada.post("/orders/new", data=form)
    assert answer.status_code == 422
    assert f'id="{name}-error"' in answer.text
    assert await world.acts() == []


async def test_going_back_loses_nothing(world: World) -> None:
    async with world.browser("ada") as ada:
        answer = await ada.post("/orders/new", data={**PAPER, "step": "1", "go": "back"})
    assert "Step 1 of 4" in answer.text
    for value in PAPER.values():
        assert value in answer.text


async def test_an_order_for_an_unknown_leak_is_warned_of(world: World) -> None:
    form = {**PAPER, "leak_id": "ab" * 16, "fields": "ip", "step": "2", "go": "on"}
    async with world.browser("ada") as ada:
        assert "No origin of this leak is kept here" in (await ada.post("/orders/new", data=form)).text


HEADER = f"""Return-Path: <bounce@leak.example>
References: <other@example.org>
X-Original-Message-ID: <another@example.org>
Date: Fri, 20 Nov 2026 12:00:00 +0000
Message-Id:
 <{MESSAGE_ID}>
Subject: A friend thanks you"""
CARRYING = f"Message-ID: <carrier@example.org>\nSubject: Fwd\n\n{HEADER}"


@pytest.mark.parametrize("typed", [MESSAGE_ID, f"<{MESSAGE_ID}>", f"  <{MESSAGE_ID}>\r\n", HEADER, CARRYING])
async def test_the_message_id_of_a_mail_stands_for_its_leak(world: World, typed: str) -> None:
    leak_id = await world.leak()
    await world.read(world.delivered(leak_id))
    async with world.browser("ada") as ada:
        found = await ada.post("/orders/new", data={**PAPER, "fields": "ip", "step": "2", "go": "on", "leak_id": typed})
    assert found.status_code == 200
    assert leak_id in found.text
    assert "No origin of this leak is kept here" not in found.text


async def test_a_message_id_that_leads_to_no_leak_or_to_two_is_refused_and_stays_as_typed(world: World) -> None:
    for message_id in ("one@leak.example", "two@leak.example"):
        await world.read(world.delivered(await world.leak(), message_id))
    two = "Message-ID: <one@leak.example>\nMessage-ID: <two@leak.example>"
    async with world.browser("ada") as ada:
        for typed in ("Unknown@leak.example", two, "https://leak.example/report/AAAAAAAAAAAAAAAAAAAAAA"):
            form = {**PAPER, "fields": "ip", "step": "2", "go": "on", "leak_id": typed}
            answer = await ada.post("/orders/new", data=form)
            assert answer.status_code == 422
            assert "only if we delivered it" in answer.text


async def test_the_largest_header_that_the_page_takes_is_taken(world: World) -> None:
    leak_id = await world.leak()
    await world.read(world.delivered(leak_id))
    header = f"Message-ID: <{MESSAGE_ID}>\n".ljust(forms.MAIL_HEADER_MAX, "=")
    form = {**PAPER, "fields": "ip", "step": "2", "go": "on", "leak_id": header}
    async with world.browser("ada") as ada:
        found = await ada.post("/orders/new", data=form)
    assert leak_id in found.text
