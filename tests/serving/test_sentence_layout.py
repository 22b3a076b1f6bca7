from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.serving.sentence_layout import POOLINGS, SentenceLayout, read_layout


def lay_out(folder: Path, *kinds: str, pooling: object = None, path: str = "") -> Path:
    paths = {"Transformer": path, "Pooling": "1_Pooling"}
    modules = [
        {"path": paths.get(kind, f"{n}_{kind}"), "type": f"sentence_transformers.models.{kind}"}
        for n, kind in enumerate(kinds)
    ]
    write(folder / "modules.json", modules)
    write(folder / "1_Pooling/config.json", pooling or {"pooling_mode_mean_tokens": True})
    return folder


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_without_a_layout_the_mean_is_taken_and_normalised(tmp_path: Path) -> None:
    assert read_layout(tmp_path, "m") == SentenceLayout(transformer=tmp_path)
    assert (SentenceLayout(transformer=tmp_path).pooling, True) == (("mean",), True)


@pytest.mark.parametrize(("mode", "flag"), POOLINGS.items())
def test_both_ways_of_naming_a_pooling_are_read(tmp_path: Path, mode: str, flag: str) -> None:
    old = dict.fromkeys(POOLINGS.values(), False) | {flag: True}
    for pooling in (old, {"pooling_mode": mode}, {"pooling_mode": [mode]}):
        lay_out(tmp_path, "Transformer", "Pooling", pooling=pooling)
        assert read_layout(tmp_path, "m").pooling == (mode,)


@pytest.mark.parametrize("last", [(), ("Normalize",)])
def test_vectors_are_normalised_only_where_the_model_says_so(
    tmp_path: Path, last: tuple[str, ...]
) -> None:
    lay_out(tmp_path, "Transformer", "Pooling", *last)
    assert read_layout(tmp_path, "m").normalize is bool(last)


def test_settings_beside_the_transformer_are_read(tmp_path: Path) -> None:
    lay_out(tmp_path, "Transformer", "Pooling", path="0_Transformer")
    settings = {"max_seq_length": 256, "do_lower_case": True}
    write(tmp_path / "0_Transformer/sentence_bert_config.json", settings)
    prompts = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    write(tmp_path / "config_sentence_transformers.json", prompts)
    assert read_layout(tmp_path, "m") == SentenceLayout(
        transformer=tmp_path / "0_Transformer",
        normalize=False,
        max_tokens=256,
        prompt="query: ",
        lower_case=True,
    )


@pytest.mark.parametrize(
    "kinds",
    [
        ("Transformer", "Pooling", "Dense", "Normalize"),
        ("Transformer",),
        ("WordEmbeddings", "Pooling"),
    ],
)
def test_a_stage_that_is_not_served_is_named(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=", ".join(kinds)):
        read_layout(lay_out(tmp_path, *kinds), "m")


@pytest.mark.parametrize("pooling", [{"pooling_mode": "median"}, {"pooling_mode": ["mean", "x"]}])
def test_a_pooling_that_is_not_served_is_named(tmp_path: Path, pooling: object) -> None:
    with pytest.raises(ConfigError, match="pools by"):
        read_layout(lay_out(tmp_path, "Transformer", "Pooling", pooling=pooling), "m")


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "a/../../b"])
def test_a_stage_outside_the_models_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError, match="outside its own"):
        read_layout(lay_out(tmp_path, "Transformer", "Pooling", path=path), "m")
