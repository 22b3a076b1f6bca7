"""A conversation is named to the gateway, so that placeholders keep their numbers in it."""

from __future__ import annotations

import pytest

from jupyter_mesh.client.caller import caller_headers


def named(document: str | None, thread: str | None) -> str | None:
    return caller_headers(document=document, thread=thread).get("X-Mesh-Thread")


def test_a_thread_of_a_notebook_has_one_short_name() -> None:
    name = named("a.ipynb", "default")
    assert name == named("a.ipynb", "default")
    assert name is not None
    assert name.isascii()
    assert len(name) == 32
    assert len(named("日本" * 500, "t") or "") == 32


@pytest.mark.parametrize(("document", "thread"), [("b.ipynb", "default"), ("a.ipynb", "other")])
def test_other_threads_and_notebooks_have_others(document: str, thread: str) -> None:
    assert named(document, thread) != named("a.ipynb", "default")


def test_what_is_no_turn_of_a_conversation_names_none() -> None:
    assert named("a.ipynb", None) is None
