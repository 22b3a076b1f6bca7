"""What a caller sees: cards, themselves, the default model; and connections that do not open."""

from __future__ import annotations

import socket
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import ModelNotFound, NotFound
from jupyter_mesh.mesh import Mesh, assembly
from jupyter_mesh.schemas.api import ModelCard, Preference
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.principals import kernel_of

from .world import ADA, BOB, ask, chat, connection, mesh_of, until

ECHO = {"provider": "echo", "delay_ms": 0}


async def card(mesh: Mesh, name: str) -> ModelCard:
    (found,) = [one for one in (await mesh.models(ADA)).models if one.id == name]
    return found


async def test_what_the_admin_says_counts_more_than_the_price_list(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    models = {
        "gpt-4o-mini": {},
        "gpt-4o": {"price": {"input": "0.5", "output": 4}, "context_window": 99, "max_output": 7},
        "nobody-knows-it": {"description": "Ours", "capabilities": ["tools"]},
    }
    listed = connection(upstream, models=models, price_provider="openai")
    async with mesh_of(tmp_path, {"up": listed}) as mesh:
        known = await card(mesh, "up/gpt-4o-mini")
        assert known.price is not None
        assert (known.price.input, known.price.output) == (Decimal("0.15"), Decimal("0.6"))
        assert known.price.source.startswith("genai-prices")
        assert known.context_window == 128_000
        said = await card(mesh, "up/gpt-4o")
        assert said.price is not None
        assert (said.price.input, said.price.source) == (Decimal("0.5"), "admin")
        assert (said.context_window, said.max_output) == (99, 7)
        unknown = await card(mesh, "up/nobody-knows-it")
        assert (unknown.price, unknown.context_window) == (None, None)
        assert (unknown.description, unknown.capabilities) == ("Ours", ["tools"])


async def test_the_same_name_on_a_server_of_ones_own_has_no_list_price(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    far = connection(upstream, models=["gpt-4o-mini"])
    near = {**far, "residency": "local"}
    async with mesh_of(tmp_path, {"far": far, "near": near}) as mesh:
        assert (await card(mesh, "far/gpt-4o-mini")).price is None
        own = (await card(mesh, "near/gpt-4o-mini")).price
    assert own is not None
    assert (own.input, own.output, own.source) == (0, 0, "local")


async def test_without_listed_models_the_server_is_asked_for_its_own(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream, models={})}) as mesh:
        names = [one.id for one in (await mesh.models(ADA)).models]
    assert names == ["up/fake-model", "up/fake-embedding"]
    assert [request.path for request in upstream.requests] == ["/v1/models"]


async def test_an_alias_is_as_far_away_as_the_farthest_model_behind_it(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {
        "near": {**ECHO, "trains_on_requests": True},
        "far": connection(upstream, trains_on_requests=None),
    }
    aliases = {
        "fast": {"models": ["near/echo", "far/m"]},
        "mine": {"models": ["near/echo", "near/shout"]},
        "gone": {"models": ["near/no-such-model"]},
    }
    async with mesh_of(tmp_path, connections, aliases=aliases) as mesh:
        fast, mine = await card(mesh, "fast"), await card(mesh, "mine")
        assert (fast.kind, fast.targets) == ("alias", ["near/echo", "far/m"])
        assert (fast.residency, mine.residency) == ("external", "local")
        assert (fast.offline_demo, mine.offline_demo) == (False, True)
        assert (fast.trains_on_requests, mine.trains_on_requests) == (None, False)
        listed = (await mesh.models(ADA)).models
        assert [one.id for one in listed][:2] == ["fast", "mine"], "aliases first; empty ones never"


async def test_a_card_shows_the_speed_that_was_measured_also_after_a_restart(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    slow = Behaviour(text="one two three four", piece_delay=0.01)
    upstream.script(slow, slow, Behaviour(fault="server_error"))
    connections = {"up": connection(upstream)}
    async with mesh_of(tmp_path, connections) as mesh:
        assert (await card(mesh, "up/m")).speed is None
        for text in ("a", "b", "c"):
            await ask(mesh, chat(text, stream=True))
        first = (await card(mesh, "up/m")).speed
    async with mesh_of(tmp_path, connections) as mesh:
        again = (await card(mesh, "up/m")).speed
    for speed in (first, again):
        assert speed is not None
        assert speed.calls == 3
        assert speed.error_rate == pytest.approx(1 / 3)
        assert speed.p50_ms is not None
        assert speed.first_token_ms is not None
        assert speed.p50_ms >= speed.first_token_ms >= 10
        assert speed.tokens_per_second is not None
        assert [hour for hour in speed.sparkline if hour is not None] == [speed.p50_ms]


async def test_groups_decide_what_is_seen_and_asked(tmp_path: Path, upstream: FakeOpenAI) -> None:
    groups = {
        "staff": {"members": ["*"], "allow": ["echo/*"]},
        "analysts": {"members": ["ada"], "allow": ["up/*"], "purposes": ["research"]},
    }
    connections = {"echo": ECHO, "up": connection(upstream)}
    async with mesh_of(tmp_path, connections, groups=groups) as mesh:
        assert (await mesh.me(ADA)).groups == ["analysts", "staff"]
        assert (await mesh.me(BOB)).groups == ["staff"]
        assert (await mesh.me(ADA)).purposes == ["research"]
        seen = [one.id for one in (await mesh.models(BOB)).models]
        assert seen == ["echo/echo", "echo/shout"]
        hidden = await ask(mesh, chat(), BOB)
        missing = await ask(mesh, chat(model="up/no-such"), BOB)
        assert isinstance(hidden.error, ModelNotFound)
        assert isinstance(missing.error, ModelNotFound)
        assert hidden.error.message == missing.error.message.replace("up/no-such", "up/m")
        assert (await ask(mesh, chat(), ADA, purpose="research")).error is None
    assert len(upstream.requests) == 1


async def test_me_tells_the_host_and_the_scopes(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, {"echo": ECHO}, admin_contact="ops@example.org") as mesh:
        me = await mesh.me(kernel_of("ada"))
    assert (me.user, me.via, me.host) == ("ada", "kernel", "standalone")
    assert me.scopes == ["use"]
    assert me.admin_contact == "ops@example.org"
    assert me.default_model == "echo/echo"


async def test_nobody_is_given_the_dearest_model_unasked(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    prices = {"a-dear": {"price": {"input": 9, "output": 90}}, "unknown": {}}
    cheap = {"price": {"input": 1, "output": 2}}
    connections = {"echo": ECHO, "up": connection(upstream, models={**prices, "z-cheap": cheap})}
    async with mesh_of(tmp_path, connections) as mesh:
        assert (await mesh.me(ADA)).default_model == "up/z-cheap"


async def test_a_preference_is_kept_for_its_user_only_and_over_restarts(tmp_path: Path) -> None:
    aliases = {"fast": {"models": ["echo/shout"]}}
    connections = {"echo": ECHO}
    async with mesh_of(tmp_path, connections, aliases=aliases, default_model="echo/echo") as mesh:
        assert (await mesh.me(ADA)).default_model == "echo/echo"
        me = await mesh.set_preference(ADA, Preference(default_model="fast"))
        assert me.default_model == "fast"
        assert (await mesh.me(BOB)).default_model == "echo/echo"
        with pytest.raises(NotFound):
            await mesh.set_preference(ADA, Preference(default_model="echo/no-such"))
    async with mesh_of(tmp_path, connections, aliases=aliases) as mesh:
        assert (await mesh.models(ADA)).default_model == "fast"
        assert (await mesh.models(BOB)).default_model == "fast", "the first chat model in the list"
        await mesh.set_preference(ADA, Preference(default_model=None))
    async with mesh_of(tmp_path, connections, default_model="echo/shout") as mesh:
        assert (await mesh.models(ADA)).default_model == "echo/shout"


async def test_a_real_model_is_the_default_before_the_offline_demo(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"echo": ECHO, "up": connection(upstream)}) as mesh:
        assert (await mesh.me(ADA)).default_model == "up/m"


async def test_a_connection_that_does_not_open_stops_nobody_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = assembly.every
    monkeypatch.setattr(
        assembly, "every", lambda seconds, work, **more: every(seconds / 1000, work, **more)
    )
    with socket.socket() as taken:  # bound, not listening: nobody else gets the port meanwhile
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        down = FakeOpenAI(port=taken.getsockname()[1])
        connections = {"echo": ECHO, "up": connection(down, models={})}
        async with mesh_of(tmp_path, connections) as mesh:
            health = mesh.health()
            assert health.status == "ok"
            assert "cannot be reached" in health.checks["connection up"]
            assert [one.id for one in (await mesh.models(ADA)).models] == [
                "echo/echo",
                "echo/shout",
            ]
            taken.close()
            async with down:

                async def is_back() -> bool:
                    return "up/fake-model" in [one.id for one in (await mesh.models(ADA)).models]

                await until(is_back)
                assert mesh.health().checks["connection up"] == "ok"
                assert (await ask(mesh, chat(model="up/fake-model"))).error is None


PICTURE = [
    {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": "https://a.example/b"}}],
    }
]


async def test_what_a_model_cannot_do_is_refused_before_the_call_and_others_are_named(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    blind = {"capabilities": ["tools"]}
    models = {"blind": blind, "seeing": {"capabilities": ["vision"]}, "unknown": {}}
    listed = connection(upstream, models=models)
    aliases = {"both": {"models": ["up/blind", "up/seeing"]}}
    async with mesh_of(tmp_path, {"up": listed}, aliases=aliases) as mesh:
        refused = await ask(mesh, chat(model="up/blind", messages=PICTURE))
        assert refused.error is not None
        assert refused.error.code == "unsupported_parameter"
        assert refused.error.message == (
            "'up/blind' cannot look at pictures. Of your models these can: up/seeing."
        )
        assert upstream.requests == []
        # What is not known is let through, and behind an alias the one that can is asked.
        for name in ("up/unknown", "both"):
            assert (await ask(mesh, chat(model=name, messages=PICTURE))).error is None
    assert [one.json["model"] for one in upstream.requests] == ["unknown", "seeing"]


async def test_a_connection_whose_models_are_written_down_is_said_to_work_once_it_has(
    tmp_path: Path,
) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        down = FakeOpenAI(port=taken.getsockname()[1])
        listed = connection(down, models=["m", "n"])
        async with mesh_of(tmp_path, {"echo": ECHO, "up": listed}) as mesh:

            def said() -> str:
                return mesh.health().checks["connection up"]

            assert (said(), mesh.health().checks["connection echo"]) == ("not called yet", "ok")
            assert (await ask(mesh, chat("one", model="up/m"))).error is not None
            assert said() == "its last call failed"
            for number in range(5):
                await ask(mesh, chat(f"call {number}", model="up/m"))
            assert said() == "calls of up/m fail"
            assert mesh.health().status == "ok"  # others may be there
            taken.close()
            async with down:
                assert (await ask(mesh, chat("again", model="up/n"))).error is None
                assert said() == "calls of up/m fail"
        async with (
            FakeOpenAI() as there,
            mesh_of(tmp_path / "b", {"up": connection(there)}) as mesh,
        ):
            assert (await ask(mesh, chat("one", model="up/m"))).error is None
            assert mesh.health().checks["connection up"] == "ok"
