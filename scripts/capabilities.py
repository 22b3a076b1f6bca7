"""The table of what each provider can do, from the tests that try each cell over the wire."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from jupyter_mesh.testing.conformance import CAPABILITIES
from jupyter_mesh.testing.contracts import ProviderContract

ROOT = Path(__file__).parent.parent
_HEAD = """# What each provider can do

Written by `make generated` from the tests in `tests/providers`: every cell was tried over a
socket, whole and streamed, against a server that speaks the vendor's format and that the
vendor's own client drives as well. **yes**: it works as with OpenAI. **–**: the vendor's API
does not have it; a request that asks for it is refused before anything is sent, or, where the
answer stays the same kind of answer, it is left out and the answer says so
(`parameters_dropped`; `unsupported: refuse` refuses that too, where the connection has that
setting: `openai`, `openai_compatible` and vendors that take any of OpenAI's parameters have not,
they get what is asked). What a single model of a provider cannot do is on its card, and refused
before the call with the names of models that can.

None of it was tried against the vendors themselves.

"""


def table() -> str:
    """The page."""
    columns = _contracts()
    lines = [
        "| | " + " | ".join(one.title for one in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for capability in CAPABILITIES:
        cells = ("yes" if _has(one, capability) else "–" for one in columns)
        lines.append(f"| {capability} | " + " | ".join(cells) + " |")
    return _HEAD + "\n".join(lines) + "\n"


def _has(contract: type[ProviderContract], capability: str) -> bool:
    match capability:
        case "embeddings" | "embedding dimensions" if contract.embedding_model is None:
            return False
        case "reranking":
            return contract.rerank_model is not None
        case "completions":
            return contract.completion_model is not None
        case _:
            return capability not in contract.cannot


def _contracts() -> list[type[ProviderContract]]:
    """The classes that have a title, in its order."""
    sys.path.insert(0, str(ROOT))
    found: dict[str, type[ProviderContract]] = {}
    for path in sorted((ROOT / "tests" / "providers").glob("test_*.py")):
        if "ProviderContract" not in path.read_text("utf8"):
            continue
        module = importlib.import_module(f"tests.providers.{path.stem}")
        for one in vars(module).values():
            own = vars(one).get("title") if isinstance(one, type) else None
            if own and issubclass(one, ProviderContract):
                found[one.title] = one
    return [found[title] for title in sorted(found, key=str.lower)]
