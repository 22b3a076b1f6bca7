from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.serving.model_files import check_files, model_folder
from jupyter_mesh.spi.engine import ModelSpec, Task

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def spec(**changes: object) -> ModelSpec:
    return ModelSpec(**{"name": "local/x", "task": Task.CHAT, "path": "/models/x", **changes})


def trusting(**changes: object) -> ModelSpec:
    pinned = {"path": None, "repo": "acme/x", "revision": COMMIT, "trust_remote_code": True}
    return spec(**{**pinned, **changes})


def folder_with(folder: Path, **files: object) -> Path:
    """Files by name, `__` standing for a dot; a dict becomes JSON."""
    for name, content in {"config__json": {}, **files}.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


SAFE = {"model__safetensors": ""}
CODE = {**SAFE, "config__json": {"auto_map": {"AutoModelForCausalLM": "modeling.Evil"}}}


def test_safetensors_are_taken_even_beside_pickles(tmp_path: Path) -> None:
    check_files(folder_with(tmp_path, **SAFE, pytorch_model__bin="pickle"), spec())


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.ckpt", "tf_model.h5"])
def test_pickled_weights_alone_are_refused(tmp_path: Path, name: str) -> None:
    folder_with(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(ConfigError, match=rf"only {name}.*save_pretrained"):
        check_files(tmp_path, spec())


def test_a_config_that_points_to_a_pickle_is_refused(tmp_path: Path) -> None:
    config = {"transformers_weights": "adapter_model.bin"}
    with pytest.raises(ConfigError, match="safetensors"):
        check_files(folder_with(tmp_path, **SAFE, config__json=config), spec())


def test_an_adapter_which_would_pull_in_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="adapter"):
        check_files(folder_with(tmp_path, **SAFE, adapter_config__json={}), spec())


@pytest.mark.parametrize(
    "files",
    [
        CODE,
        {**SAFE, "tokenizer_config__json": {"auto_map": {"AutoTokenizer": ["tok.Evil", None]}}},
        {**SAFE, "preprocessor_config__json": {"auto_map": {"AutoProcessor": "p.Evil"}}},
        {**SAFE, "custom_generate/generate__py": "raise SystemExit"},
    ],
)
def test_code_in_a_model_is_refused(tmp_path: Path, files: dict[str, object]) -> None:
    folder_with(tmp_path, **files)
    with pytest.raises(ConfigError, match=r"its own code .*trust_remote_code: true"):
        check_files(tmp_path, spec())
    check_files(tmp_path, trusting())


@pytest.mark.parametrize(
    "changes",
    [
        {"trust_remote_code": False},
        {"revision": None},
        {"revision": "main"},
        {"revision": COMMIT[:-1]},
        {"revision": COMMIT.upper()},
        {"path": "/models/x", "repo": None},
    ],
)
def test_code_is_trusted_only_when_an_admin_says_so_and_pins_a_commit(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(ConfigError, match="its own code"):
        check_files(folder_with(tmp_path, **CODE), trusting(**changes))


def test_code_of_another_repository_is_never_trusted(tmp_path: Path) -> None:
    config = {"auto_map": {"AutoModel": "someone/else--modeling.Evil"}}
    with pytest.raises(ConfigError, match="another repository"):
        check_files(folder_with(tmp_path, **SAFE, config__json=config), trusting())


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_broken_config_is_named(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.json"):
        check_files(folder_with(tmp_path, **SAFE, config__json=content), spec())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not on this machine.*nowhere"):
        model_folder(spec(path=str(tmp_path / "nowhere")))


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hugging Face cache that holds `acme/x` at `COMMIT`, which is also `main`."""
    repository = tmp_path / "models--acme--x"
    folder_with(repository / "snapshots" / COMMIT, **SAFE)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(COMMIT)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_a_hub_model_in_the_cache_needs_no_network(hub_cache: Path, revision: str | None) -> None:
    found = model_folder(spec(path=None, repo="acme/x", revision=revision))
    assert found == hub_cache / "models--acme--x/snapshots" / COMMIT


@pytest.mark.parametrize(
    ("repo", "revision"), [("acme/y", None), ("acme/x", "v2"), ("acme/x", COMMIT[::-1])]
)
@pytest.mark.usefixtures("hub_cache")
def test_a_hub_model_that_is_not_in_the_cache_says_how_to_get_it(
    repo: str, revision: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        model_folder(spec(path=None, repo=repo, revision=revision))
    assert "not on this machine" in caught.value.message
    assert f"hf download {repo} --revision {revision or 'main'}" in caught.value.message
