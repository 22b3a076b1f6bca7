"""What a worker may know of the gateway's environment: no keys, no way out unless it downloads."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = frozenset(
    {
        "HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "MKL_NUM_THREADS", "NVIDIA_VISIBLE_DEVICES",
        "OMP_NUM_THREADS", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "SYSTEMROOT", "TEMP", "TMP",
        "TMPDIR", "TZ", "XDG_CACHE_HOME",
        "HF_ENDPOINT", "HF_HOME",
    }
)  # fmt: skip
_PREFIXES = ("CUDA_", "HF_HUB_", "KMP_", "LC_", "MKL_", "OMP_", "PYTORCH_", "TRANSFORMERS_")
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
_SECRET = ("TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIAL")

_ALWAYS = {
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",  # a token file in the user's home is not ours to send
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYTHONUNBUFFERED": "1",  # the log must hold the last line before a crash
    "PYTHONUTF8": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "warning",
    "USE_HUB_KERNELS": "NO",  # a model's config could name compiled code of another repository
}
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def worker_environment(environ: Mapping[str, str], *, download: bool) -> dict[str, str]:
    """The environment of a worker: an allow-list of `environ`, and what makes libraries behave.

    Args:
        environ: The gateway's own.
        download: Whether the worker may fetch files; only then it learns of proxies.
    """
    kept = {name: value for name, value in environ.items() if _allowed(name.upper(), download)}
    return {**kept, **_ALWAYS, **({} if download else _OFFLINE)}


def _allowed(name: str, download: bool) -> bool:
    if any(word in name for word in _SECRET):
        return False
    if name in _PROXIES:
        return download
    return name in _NAMES or name.startswith(_PREFIXES)
