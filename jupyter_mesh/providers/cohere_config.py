"""What `mesh.yaml` says about a connection to Cohere."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .remote_config import ConvertedConfig

COHERE = "https://api.cohere.com"

InputType: TypeAlias = Literal["search_document", "search_query", "classification", "clustering"]


class CohereConfig(ConvertedConfig):
    """Settings of a connection to Cohere, or to a deployment of its models of your own.

    Attributes:
        base_url: Without version and path.
        input_type: What texts are embedded for, where a call does not say `input_type` itself.
    """

    base_url: str = COHERE
    input_type: InputType = "search_document"
