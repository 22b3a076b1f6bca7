from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.serving import loading
from jupyter_mesh.serving.loading import load
from jupyter_mesh.spi.engine import ModelSpec, Task
from jupyter_mesh.testing import tiny_models


def load_as(task: Task, folder: Path, **options: object) -> loading.LoadedModel:
    spec = ModelSpec(name="local/x", task=task, path=str(folder), **options)
    return load(spec, lambda stage: None)


def test_what_is_known_of_a_chat_model(chat_folder: Path) -> None:
    info = load_as(Task.CHAT, chat_folder).info
    assert (info.architecture, info.dtype, info.device) == ("LlamaForCausalLM", "float32", "cpu")
    assert info.size == 4 * info.parameters
    assert info.context_window == tiny_models.CONTEXT_WINDOW
    assert (info.labels, info.dimensions) == ((), None)


def test_what_is_known_of_an_embedder(tmp_path: Path) -> None:
    info = load_as(Task.EMBED, tiny_models.build_embedder(tmp_path)).info
    assert info.dimensions == 32
    assert info.context_window == 64, "sentence-transformers' own limit is the smallest"


def test_what_is_known_of_a_classifier(classifier_folder: Path) -> None:
    info = load_as(Task.CLASSIFY, classifier_folder).info
    assert info.labels == ("negative", "neutral", "positive")
    assert info.context_window == 128


def test_a_dtype_is_honoured(chat_folder: Path) -> None:
    info = load_as(Task.CHAT, chat_folder, dtype="bfloat16").info
    assert (info.dtype, info.size) == ("bfloat16", 2 * info.parameters)


@pytest.mark.parametrize("task", [Task.CLASSIFY, Task.TOKEN_CLASSIFY])
def test_a_model_of_another_task_is_refused_rather_than_completed_at_random(
    chat_folder: Path, task: Task
) -> None:
    with pytest.raises(ConfigError, match=rf"`task: {task}`.*LlamaForCausalLM.*weights such as"):
        load_as(task, chat_folder)


def test_an_encoder_is_no_chat_model(classifier_folder: Path) -> None:
    with pytest.raises(ConfigError, match="not made for `task: chat`"):
        load_as(Task.CHAT, classifier_folder)


def test_a_model_that_scores_is_no_classifier(tmp_path: Path) -> None:
    tiny_models.build_classifier(tmp_path, labels=["score"])
    config = json.loads((tmp_path / "config.json").read_bytes())
    (tmp_path / "config.json").write_text(json.dumps({**config, "problem_type": "regression"}))
    with pytest.raises(ConfigError, match="a score, not classes"):
        load_as(Task.CLASSIFY, tmp_path)


def test_a_gpu_that_is_not_there_is_named(
    chat_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ConfigError, match="no GPU here"):
        load_as(Task.CHAT, chat_folder, device="cuda")


def test_missing_libraries_are_named_with_what_to_install(
    chat_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        load_as(Task.CHAT, chat_folder)
    assert 'pip install "jupyter-mesh[local]"' in caught.value.message
