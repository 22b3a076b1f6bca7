"""Headers by which a caller says what a call is for."""

from __future__ import annotations

import pytest
from jupyter_mesh_server.call_options import CallOptions, call_options

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.pipeline.call import CacheDirective

from .headers import FewHeaders

GOOD: list[tuple[str, str, CallOptions]] = [
    ("X-Mesh-Purpose", "research", CallOptions(purpose="research")),
    ("X-Mesh-Purpose", "100% research", CallOptions(purpose="100% research")),
    ("X-Mesh-Document", "a/b.ipynb", CallOptions(document="a/b.ipynb")),
    ("X-Mesh-Document", "%E6%97%A5%E3%80%80x.ipynb", CallOptions(document="日\u3000x.ipynb")),
    ("X-Mesh-Document", "", CallOptions()),
    ("X-Mesh-Thread", "a.ipynb%23b", CallOptions(thread="a.ipynb#b")),
    ("X-Mesh-Kernel", "5f1b", CallOptions(kernel="5f1b")),
    ("X-Mesh-Tags", '{"run": 3}', CallOptions(tags={"run": 3})),
    ("X-Mesh-Cache", "no-store", CallOptions(cache=CacheDirective(no_store=True))),
    ("X-Mesh-Cache", "exact", CallOptions(cache=CacheDirective(exact=True))),
    ("X-Mesh-Cache", "Max-Age=60", CallOptions(cache=CacheDirective(max_age=60.0))),
    ("Idempotency-Key", "k%201", CallOptions(idempotency_key="k%201")),
    ("X-Mesh-Details", "1", CallOptions(details=True)),
    ("X-Mesh-Details", "0", CallOptions()),
]

BAD: list[tuple[str, str]] = [
    ("X-Mesh-Purpose", "a\tb"),
    ("X-Mesh-Purpose", "caf\u00e9"),
    ("X-Mesh-Purpose", "x" * 1001),
    ("X-Mesh-Document", "a%0d%0aInjected"),
    ("X-Mesh-Document", "%00"),
    ("X-Mesh-Document", "%ff"),
    ("X-Mesh-Document", "%e2%80%a8"),
    ("X-Mesh-Tags", "[1]"),
    ("X-Mesh-Tags", "{"),
    ("X-Mesh-Tags", '{"a":1,"a":2}'),
    ("X-Mesh-Tags", '{"a":"' + "x" * 5000 + '"}'),
    ("X-Mesh-Cache", "max-age=-1"),
    ("X-Mesh-Cache", "only-if-cached"),
    ("Idempotency-Key", "x" * 1001),
]


def test_without_headers_nothing_is_declared() -> None:
    assert call_options(FewHeaders(("Host", "x"))) == CallOptions()


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_a_header_is_understood(name: str, value: str, expected: CallOptions) -> None:
    assert call_options(FewHeaders((name, value))) == expected


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_malformed_header_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        call_options(FewHeaders((name, value)))
    assert caught.value.param == name
    assert name in caught.value.message
