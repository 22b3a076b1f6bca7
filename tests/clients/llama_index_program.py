"""What LlamaIndex's classes do, in an environment of their own: asked for line by line, as JSON.

It runs under another Python than the tests, so it imports nothing of theirs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from llama_index.core.llms import ChatMessage  # pyright: ignore[reportMissingImports]
from llama_index.core.tools import FunctionTool  # pyright: ignore[reportMissingImports]
from llama_index.embeddings.openai import OpenAIEmbedding  # pyright: ignore[reportMissingImports]
from llama_index.llms.openai import OpenAI, OpenAIResponses  # pyright: ignore[reportMissingImports]
from openai import APIError
from pydantic import BaseModel

KINDS: dict[str, Any] = {"chat": OpenAI, "responses": OpenAIResponses}


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


def weather(city: str) -> str:
    """The weather in a city."""
    return f"Rain in {city}"


class Program:
    """LlamaIndex, given a URL and a key."""

    def __init__(self, url: str, key: str) -> None:
        self._where = {"api_base": url, "api_key": key, "max_retries": 0}

    def _model(self, kind: str) -> Any:
        return KINDS[kind](model="gpt-4o-mini", **self._where)

    def complete(self, kind: str) -> Any:
        answer = self._model(kind).complete("Say hello.")
        return {"text": answer.text}

    def chat(self, kind: str) -> Any:
        messages = [ChatMessage(role="system", content="Be brief."), _hello()]
        answer = self._model(kind).chat(messages)
        return {"text": answer.message.content, "role": str(answer.message.role.value)}

    def stream(self, kind: str) -> Any:
        return {"pieces": [one.delta for one in self._model(kind).stream_chat([_hello()])]}

    def stream_asynchronously(self, kind: str) -> Any:
        async def pieces() -> list[str]:
            stream = await self._model(kind).astream_chat([_hello()])
            return [one.delta async for one in stream]

        return {"pieces": asyncio.run(pieces())}

    def tools(self, kind: str) -> Any:
        tool = FunctionTool.from_defaults(fn=weather)
        answer = self._model(kind).predict_and_call([tool], "How is the weather in Oslo?")
        return {"text": str(answer)}

    def structured(self, kind: str) -> Any:
        able = self._model(kind).as_structured_llm(Person)
        return able.complete("Who?").raw.model_dump()

    def embed(self, kind: str) -> Any:
        embedding = OpenAIEmbedding(model_name=kind, **self._where)
        texts = embedding.get_text_embedding_batch(["a blue whale", "a red fox"])
        return {"vectors": texts, "query": embedding.get_query_embedding("a blue whale")}


def _hello() -> Any:
    return ChatMessage(role="user", content="Say hello.")


def main() -> None:
    """Answers until nobody asks any more."""
    program = Program(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        asked = json.loads(line)
        do: Callable[[str], Any] = getattr(program, asked["do"])
        try:
            answer = do(asked["kind"])
        except APIError as error:
            answer = {"error": type(error).__name__, "said": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
