from __future__ import annotations

import pytest

from jupyter_mesh.serving.environment import worker_environment


@pytest.mark.parametrize(
    ("name", "kept", "kept_to_download"),
    [
        ("PATH", True, True),
        ("HF_HOME", True, True),
        ("HF_HUB_CACHE", True, True),
        ("CUDA_VISIBLE_DEVICES", True, True),
        ("OMP_NUM_THREADS", True, True),
        ("LC_ALL", True, True),
        ("SSL_CERT_FILE", True, True),
        ("HTTPS_PROXY", False, True),
        ("https_proxy", False, True),
        ("HF_TOKEN", False, False),
        ("HF_HUB_TOKEN", False, False),
        ("TRANSFORMERS_API_KEY", False, False),
        ("OPENAI_API_KEY", False, False),
        ("AWS_SECRET_ACCESS_KEY", False, False),
        ("JUPYTERHUB_API_TOKEN", False, False),
        ("JUPYTER_MESH_URL", False, False),
        ("PYTHONPATH", False, False),
        ("DATABASE_URL", False, False),
    ],
)
def test_only_what_a_worker_needs_is_kept(name: str, kept: bool, kept_to_download: bool) -> None:
    assert (name in worker_environment({name: "x"}, download=False)) is kept
    assert (name in worker_environment({name: "x"}, download=True)) is kept_to_download


def test_a_worker_is_offline_unless_it_may_download() -> None:
    assert worker_environment({}, download=False)["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in worker_environment({}, download=True)


def test_a_token_file_in_the_home_folder_is_never_sent() -> None:
    assert worker_environment({}, download=True)["HF_HUB_DISABLE_IMPLICIT_TOKEN"] == "1"
