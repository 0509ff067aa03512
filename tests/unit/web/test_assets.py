"""Static files under the name of their content, and nothing else of the disk."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from shared.web.assets import Assets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "own.css").write_text("b{}")
    (tmp_path / "look.css").write_text("a{}")
    (tmp_path / "secret.css").write_text("")
    return tmp_path


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    assets = Assets(folder / "look.css", folder / "static")
    transport = httpx.ASGITransport(Starlette(routes=[assets.route()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://leak") as client:
        yield client


def test_another_content_is_another_address(folder: Path) -> None:
    before = Assets(folder / "look.css").path("look.css")
    (folder / "look.css").write_text("a{color:red}")
    after = Assets(folder / "look.css").path("look.css")
    assert before != after
    assert before.startswith("/static/look.")


async def test_a_file_is_served_for_ever(client: httpx.AsyncClient, folder: Path) -> None:
    for name, content in (("look.css", "a{}"), ("own.css", "b{}")):
        answer = await client.get(Assets(folder / "look.css", folder / "static").path(name))
        assert answer.text == content
        assert answer.headers["content-type"].startswith("text/css")
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["look.css", "own.css", "secret.css", "look.000000000000.css", "..%2Fsecret.css"])
async def test_any_other_name_is_not_found(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/static/{name}")).status_code == 404


def test_a_file_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(KeyError):
        Assets(folder / "static").path("look.css")
