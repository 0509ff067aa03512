"""Acts by token: told to their maker, answered alike; and answers that echo nothing."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.live_acts import REPORT_REASONS
from shared.digests import token_digest
from shared.events.confirmations import ConfirmationClicked, SenderStopped
from shared.events.recipients import LeakReported, RecipientBlocked
from shared.seals import purposes
from tests.component.gateway.conftest import LEAK, World

SECRET = "AbCdEfGhIjKlMnOpQrSt-_"
SEALED = "0123456789abcdef." + "Ab-_" * 12
TOKEN = f"{SEALED}.{SECRET}"
ODD_TOKENS = ["", "x", SECRET + "x", SEALED, "../../etc/passwd", "é" * 22, "<script>" * 10, TOKEN + "="]
ROUTES = [
    ("/v1/confirmations", ConfirmationClicked, SECRET, {}),
    ("/v1/stops", SenderStopped, SECRET, {}),
    ("/v1/blocks", RecipientBlocked, TOKEN, {}),
    ("/v1/reports", LeakReported, TOKEN, {"reason": "threat", "details": "Help."}),
]


async def post(world: World, path: str, body: object, **kwargs: Any) -> httpx.Response:
    async with world.client() as client:
        return await client.post(path, json=body, **kwargs)


@pytest.mark.parametrize(("path", "model", "token", "extra"), ROUTES)
async def test_the_digest_of_a_token_is_told_and_the_token_is_not(
    world: World, path: str, model: Any, token: str, extra: Any
):
    response = await post(world, path, {"token": token, **extra})
    assert response.status_code == 202
    [event] = world.publisher.of(model)
    assert event.token_digest == token_digest(SECRET)
    assert SECRET not in event.model_dump_json()


@pytest.mark.parametrize(("path", "model", "token", "extra"), ROUTES)
async def test_every_token_gets_the_same_answer(world: World, path: str, model: Any, token: str, extra: Any):
    tokens = (token, token, f"{token[:-22]}{'Z' * 22}", *ODD_TOKENS)
    answers = [await post(world, path, {"token": text, **extra}) for text in tokens]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    assert len(world.publisher.of(model)) == 3


@pytest.mark.parametrize(("path", "model", "token", "extra"), ROUTES)
async def test_an_act_that_cannot_be_kept_is_answered_503(world: World, path: str, model: Any, token: str, extra: Any):
    world.publisher.away = True
    response = await post(world, path, {"token": token, **extra})
    assert response.status_code == 503
    assert "retry-after" in response.headers


async def test_a_reports_words_are_for_moderation_alone(world: World):
    await post(world, "/v1/reports", {"token": TOKEN, "reason": "threat", "details": "He waits\x00 outside."})
    [event] = world.publisher.of(LeakReported)
    assert "waits" not in event.model_dump_json()
    opened = world.opener("moderation").open(purposes.REPORT_DETAILS, event.token_digest, event.sealed_details)
    assert opened.text == "He waits outside."


@pytest.mark.parametrize("reason", REPORT_REASONS)
async def test_every_reason_can_be_given(world: World, reason: str):
    assert (await post(world, "/v1/reports", {"token": TOKEN, "reason": reason})).status_code == 202


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"token": TOKEN, "reason": "boring"}, {"reason": "unknown"}),
        ({"token": TOKEN}, {"reason": "missing"}),
        ({"token": 5, "reason": "threat"}, {"token": "wrong_type"}),
        ({"token": TOKEN, "reason": "threat", "details": "x" * 2_001}, {"details": "too_long"}),
        ({"token": TOKEN, "reason": "threat", "secret-name": 1}, {"body": "unknown"}),
        ([], {"body": "wrong_type"}),
    ],
)
async def test_a_report_with_faults_is_told_which(world: World, body: object, errors: dict[str, str]):
    response = await post(world, "/v1/reports", body)
    assert response.status_code == 422
    assert response.json()["errors"] == errors


async def test_one_click_acts_only_as_a_mail_clients_post(world: World):
    path = f"/one-click/{TOKEN}"
    async with world.client() as client:
        shown = await client.get(path)
        assert (shown.status_code, shown.headers["location"]) == (303, f"/block/{TOKEN}")
        await client.head(path)
        for body in ({}, {"List-Unsubscribe": "Other"}):
            assert (await client.post(path, data=body)).status_code == 400
        assert not world.publisher.of(RecipientBlocked)
        answers = [
            await client.post(path, data={"List-Unsubscribe": "One-Click"}),
            await client.post(path, files={"List-Unsubscribe": (None, "One-Click")}),
            await client.post("/one-click/unknown", data={"List-Unsubscribe": "One-Click"}),
        ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"Done.")}
    assert [event.token_digest for event in world.publisher.of(RecipientBlocked)] == [token_digest(SECRET)] * 2


async def test_one_click_never_redirects_to_where_a_stranger_says(world: World):
    async with world.client() as client:
        response = await client.get("/one-click/%2F%2Fevil.example")
    assert response.headers.get("location", "/block") == "/block"


@pytest.mark.parametrize("path", [route[0] for route in ROUTES])
async def test_only_a_post_of_json_acts(world: World, path: str):
    async with world.client() as client:
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
            assert (await client.request(method, path)).status_code == 405
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            body = json.dumps({"token": TOKEN, "reason": "threat"})
            assert (await client.post(path, content=body, headers={"content-type": kind})).status_code == 415
    assert not world.publisher.published


MARK = "kqzx7Marke"
marked = st.text(max_size=20).map(lambda text: f"{MARK}{text}")
values = st.recursive(marked | st.integers() | st.booleans(), lambda inner: st.lists(inner, max_size=2), max_leaves=3)
fields = st.sampled_from([*LEAK, "token", "reason", "details", "allow_reply"]) | marked
bodies = st.dictionaries(fields, values, min_size=1, max_size=8).map(json.dumps) | marked


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=120, deadline=None)
@given(
    path=st.sampled_from(
        [
            "/v1/leaks",
            "/v1/confirmations",
            "/v1/reports",
            "/v1/leaks/mine",
            "/v1/nowhere",
            "/one-click/x",
        ]
    ),
    method=st.sampled_from(["POST", "POST", "POST", "GET", "DELETE", "PUT"]),
    body=bodies,
)
async def test_no_answer_echoes_what_was_sent(world: World, path: str, method: str, body: str):
    async with world.client() as client:
        response = await client.request(
            method,
            f"{path}?q={MARK}",
            content=body.encode("utf-8", "surrogatepass"),
            headers={
                "content-type": "application/json",
                "authorization": f"Bearer {MARK}",
                "idempotency-key": MARK,
                "user-agent": MARK,
                "leak-client-address": MARK,
                "x-any": MARK,
            },
        )
    assert MARK not in response.text
    assert MARK not in str(response.headers)
    assert response.status_code < 500
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["status"] == response.status_code
        assert set(problem) <= {"type", "title", "status", "detail", "errors"}


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/v1/nowhere", 404, "application/problem+json"),
        ("/nowhere", 404, "text/html; charset=utf-8"),
    ],
)
async def test_errors_suit_who_asks(world: World, path: str, status: int, kind: str):
    async with world.client() as client:
        response = await client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (status, kind)
