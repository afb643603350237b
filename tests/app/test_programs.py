"""The page as programs and models of language are told of it: every example answers, by each of the ways there are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio.mcp
import httpx
import pytest

from tests.readme import README
from tests.serve import visit
from workbench.analyses.services import Services
from workbench.media.library import VideoLibrary
from workbench.settings import ASSETS, Settings
from workbench.ui.gradio.verb_schemas import words_of


@dataclass(frozen=True)
class Site:
    """A running page with the bundled films and model."""

    url: str
    home: Path
    library: VideoLibrary


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the page, which offers its verbs as tools, too: by default it does not."""
    from workbench.ui.gradio.page import build, launch_options, services_for_visitors

    home = tmp_path_factory.mktemp("toy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradio.mcp, "DEFAULT_TEMP_DIR", str(home / "elsewhere"))
        patch.setenv("GRADIO_TEMP_DIR", str(home))  # so that the other page has its own again afterwards
        services = services_for_visitors(replace(Settings(), home=home, offline=True, mcp=True))
        page = build(services)
        _, url, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, **launch_options(services))
        yield Site(url, home, services.library)
        page.close()


def test_models_of_language_are_offered_the_verbs_as_tools_where_that_is_wanted(site: Site, tmp_path: Path) -> None:
    film = site.library.examples()[0].id
    sent = "data:video/mp4;base64," + b64encode(site.library.path_of(film).read_bytes()).decode()
    asked = {"queries": ["a red circle"], "model": "toyworld-frame"}
    tools, (answer, refusal, added) = used_as_tools(
        site.url,
        lambda tools: [
            *(("ground", {"video_id": video, **asked}) for video in (film, "../../etc/passwd")),
            ("add_video", {"file": sent}),
        ],
    )
    told = told_by_the_readmes_program(site.url, tmp_path)
    assert sorted(tools) == ["add_video", "attribute", "embed", "ground", "probe"]
    assert "in base64" in tools["add_video"]["properties"]["file"]["description"]
    assert not answer.isError
    assert "moments" in answer.content[0].text
    assert refusal.isError
    assert "is in the library; choose one of the list" in refusal.content[0].text
    assert film in added.content[0].text
    # What came, from one sender, was taken in and is there no longer, nor anywhere else.
    assert len([*(site.home / "received").iterdir()]) == 1
    assert not [path for path in (site.home / "received").rglob("*") if path.is_file()]
    assert not (site.home / "elsewhere").exists()
    assert "'start_s'" in told[0]
    assert "adds most on average" in told[1]
    assert "'kind': 'colour'" in told[2]
    assert len(told) == 4


def used_as_tools(url: str, asked: Callable[[dict[str, Any]], list[tuple[str, dict[str, Any]]]]) -> tuple[Any, Any]:
    """Return what each tool takes, and the answers to what is ``asked`` of them, as a model of language is told."""
    import asyncio

    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def use() -> tuple[Any, Any]:
        async with (
            streamable_http_client(f"{url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool.inputSchema for tool in (await session.list_tools()).tools}
            return tools, [await session.call_tool(name, sent) for name, sent in asked(tools)]

    return asyncio.run(use())


def test_every_verb_answers_its_own_examples(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = httpx.get(f"{site.url}gradio_api/info", timeout=60).json()["named_endpoints"]
    examples = {
        name: {each["parameter_name"]: each["example_input"] for each in verb["parameters"]}
        for name, verb in offered.items()
    }
    film = site.library.examples()[0]
    shutil.copy(site.library.path_of(film.id), tmp_path / examples["/add_video"]["file"]["path"])
    monkeypatch.chdir(tmp_path)
    client = visit(site.url)
    answers = {name: client.predict(**sent, api_name=name) for name, sent in examples.items()}
    assert sorted(answers) == ["/add_video", "/attribute", "/embed", "/ground", "/probe"]
    assert answers["/add_video"]["video_id"] == film.id
    # The sentence is true of the film.
    [query] = examples["/ground"]["queries"]
    [truth] = [row["windows"] for row in site.library.truth_for(film.id) if row["query"] == query]
    best = answers["/ground"]["moments"][0][0]
    assert any(start_s < best["end_s"] and best["start_s"] < end_s for start_s, end_s in truth)
    assert answers["/attribute"]["players"]
    assert {point["kind"] for point in answers["/embed"]["points"]} >= {"frame", "sentence"}
    assert {row["kind"] for row in answers["/probe"]["rows"]} >= {"colour", "reverse", "own"}


def test_what_programs_are_told_of_a_verb_can_be_sent_as_it_is(site: Site) -> None:
    described = httpx.get(f"{site.url}gradio_api/openapi.json", timeout=60).json()["paths"]
    verbs = ("ground", "attribute", "embed", "probe")
    for verb in verbs:
        body = described[f"/gradio_api/call/v2/{verb}"]["post"]["requestBody"]["content"]["application/json"]
        sent = {name: word["examples"][0] for name, word in body["schema"]["properties"].items()}
        with httpx.Client(base_url=site.url, timeout=120) as http:
            event = http.post(f"gradio_api/call/v2/{verb}", json=sent).json()["event_id"]
            assert "event: complete" in http.get(f"gradio_api/call/{verb}/{event}").text
    tools, answers = used_as_tools(
        site.url,
        lambda tools: [
            (verb, {name: word["examples"][0] for name, word in tools[verb]["properties"].items()}) for verb in verbs
        ],
    )
    assert [answer.isError for answer in answers] == [False] * 4
    assert tools["embed"]["properties"]["reducer"]["enum"] == ["umap", "pca"]
    assert "colour" in tools["probe"]["properties"]["edits"]["oneOf"][1]["items"]["enum"]


def told_by_the_readmes_program(url: str, folder: Path) -> list[str]:
    """Run the program that the README shows, on a film of the toy world, and return the lines that it prints."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    [program] = [block for block in blocks if "gradio_client" in block]
    shutil.copy(next((ASSETS / "examples").glob("*.mp4")), folder / "film.mp4")
    here = program.replace("http://127.0.0.1:7860", url)
    return subprocess.run(
        [sys.executable, "-c", here], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_one_bundled_film_is_enough_for_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services.create(replace(Settings(), home=tmp_path, offline=True))
    (first, *_) = services.library.examples()
    monkeypatch.setattr(VideoLibrary, "examples", lambda library: [first])
    words = words_of(services)
    assert words["video_id"].example == first.id
    assert words["video_ids"].example == [first.id]
