"""Vendors of OpenAI's shape: what each does not have of it, and has under another name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from ..errors import ProviderRejected
from ..schemas.catalog import ModelFacts
from ..schemas.json import JsonObject
from ..schemas.request import Operation
from ..spi.provider import Attempt
from . import parameters
from .model_hints import capabilities_of, operations_of
from .openai_format import OpenAIFormat
from .remote import RemoteProvider
from .remote_config import ConvertedConfig, Unsupported
from .wire_format import Outgoing, WireFormat

_CHAT_AND_EMBEDDING = frozenset({Operation.CHAT, Operation.EMBEDDING})
_ALWAYS = ("model", "messages", "input", "prompt", "stream", "stream_options")


class VendorFormat(OpenAIFormat):
    """OpenAI's format, as far as a vendor has it.

    Args:
        who: The connection, as messages call it.
        facts: What is known of a model by its name.
        base_url: Before `/chat/completions`.
        unsupported: What becomes of parameters that the vendor does not have.
    """

    operations: ClassVar[frozenset[Operation]] = _CHAT_AND_EMBEDDING
    """What the vendor does."""
    takes: ClassVar[Mapping[str, str] | None] = None
    """The vendor's name of each parameter of a chat; None: it takes whatever OpenAI does."""

    strict: ClassVar[bool] = False
    """It refuses what other vendors' models leave in a conversation."""

    def __init__(
        self,
        who: str,
        facts: Callable[[str], ModelFacts],
        base_url: str,
        unsupported: Unsupported = "drop",
    ) -> None:
        super().__init__(who, facts, base_url)
        self._unsupported: Unsupported = unsupported
        self._strict = self._strict or self.strict

    def path(self, operation: Operation, model: str) -> str:
        if operation not in self.operations:
            does = ", ".join(sorted(self.operations))
            raise ProviderRejected(
                f"{self._who} cannot do {operation}; it does {does}.", status=400
            )
        return super().path(operation, model)

    def outgoing(self, attempt: Attempt) -> Outgoing:
        sent = super().outgoing(attempt)
        if self.takes is None or attempt.request.operation is not Operation.CHAT:
            return sent
        return self.only(sent, self.takes)

    def only(self, sent: Outgoing, takes: Mapping[str, str]) -> Outgoing:
        """The same request with what the vendor takes.

        Raises:
            UnsupportedParameter: Something else cannot be left out.
        """
        taken, dropped = parameters.take(
            sent.body, takes, unsupported=self._unsupported, who=self._who
        )
        kept: JsonObject = {name: sent.body[name] for name in _ALWAYS if name in sent.body}
        return replace(sent, body={**kept, **taken}, dropped=(*sent.dropped, *dropped))


class OpenAIVendor(RemoteProvider):
    """Base of the vendors whose API has OpenAI's shape."""

    format_type: ClassVar[type[VendorFormat]] = VendorFormat

    def make_format(self) -> WireFormat:
        settings = self.settings
        unsupported = settings.unsupported if isinstance(settings, ConvertedConfig) else "drop"
        return self.format_type(self.who, self.facts, settings.base_url, unsupported)

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=operations_of(name) or frozenset({Operation.CHAT}),
            capabilities=capabilities_of(name),
        )

    @property
    def who(self) -> str:
        """The connection, as messages call it."""
        return f"The connection {self.context.connection!r}"


def names(*same: str, **renamed: str) -> dict[str, str]:
    """Parameters by the caller's name: those of the same name, and those of another."""
    return {**{name: name for name in same}, **renamed}
