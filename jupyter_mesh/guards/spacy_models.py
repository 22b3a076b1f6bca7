"""Which spaCy pipelines are installed and what they can name: known without loading spaCy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from ..schemas.json import Json, as_list, as_object, dig

_LARGEST_FIRST = ("trf", "lg", "md", "sm")


@cache
def installed() -> Mapping[str, str]:
    """The largest pipeline by language, such as `{"en": "en_core_web_lg"}`."""
    best: dict[str, str] = {}
    names = {one.name for one in entry_points(group="spacy_models")}
    for name in sorted(names, key=_size):
        best.setdefault(name.partition("_")[0], name)
    return best


def _size(name: str) -> tuple[int, str]:
    suffix = name.rpartition("_")[2]
    order = _LARGEST_FIRST.index(suffix) if suffix in _LARGEST_FIRST else len(_LARGEST_FIRST)
    return order, name


def labels_of(model: str) -> frozenset[str] | None:
    """What the pipeline's `ner` can say; None where there is no such pipeline."""
    for folder in _folders(model):
        try:
            said: Json = json.loads((folder / "meta.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        by_component = as_object(dig(said, "labels")) or {}
        listed = as_list(by_component.get("ner")) or []
        return frozenset(label for label in listed if isinstance(label, str))
    return None


def _folders(model: str) -> Iterator[Path]:
    """Where a pipeline may have its description: a folder, or a package with one in it."""
    yield Path(model)
    try:
        spec = find_spec(model) if model.isidentifier() else None
    except (ImportError, ValueError):
        return
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place)
        yield from sorted(Path(place).glob(f"{model}-*"))
