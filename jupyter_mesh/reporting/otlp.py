"""Speaking OTLP over HTTP (protobuf), without the SDK: its messages are enough.

Protocol: OTLP 1.x, https://opentelemetry.io/docs/specs/otlp/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .egress import Egress

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource

Attribute = str | bool | int | float | Sequence[str] | None
NAME = "jupyter-mesh"


def require_telemetry() -> None:
    """Raises ConfigError where the messages are not installed."""
    try:
        import_module("opentelemetry.proto.common.v1.common_pb2")
    except ImportError as error:
        raise ConfigError(
            "OpenTelemetry needs its messages: pip install 'jupyter-mesh[telemetry]'."
        ) from error


def attributes(values: Mapping[str, Attribute]) -> Iterable[KeyValue]:
    """As OTLP writes them; None is left out."""
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

    for key, value in values.items():
        if value is None:
            continue
        if isinstance(value, bool):
            wrapped = AnyValue(bool_value=value)
        elif isinstance(value, int):
            wrapped = AnyValue(int_value=value)
        elif isinstance(value, float):
            wrapped = AnyValue(double_value=value)
        elif isinstance(value, str):
            wrapped = AnyValue(string_value=value)
        else:
            listed = [AnyValue(string_value=one) for one in value]
            wrapped = AnyValue(array_value=ArrayValue(values=listed))
        yield KeyValue(key=key, value=wrapped)


def resource(service: str) -> Resource:
    """Who tells."""
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource

    from .. import __version__

    about: dict[str, Attribute] = {"service.name": service, "service.version": __version__}
    return Resource(attributes=attributes(about))


async def export(egress: Egress, url: str, headers: Mapping[str, str], body: Message) -> None:
    """POST one message.

    Raises:
        NotDelivered: It was not taken.
    """
    kind = {"Content-Type": "application/x-protobuf", "User-Agent": NAME}
    await egress.post(url, body.SerializeToString(), {**headers, **kind})
