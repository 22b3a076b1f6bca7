"""Real HTTP servers that speak the formats of vendors of OpenAI's shape: each with its own paths,
its own way to show who asks, and its own strictness.

with FakeUpstream(AzureDialect(), api_key="key") as upstream:
    ...                                          # talk to upstream.address
"""

from .ai21 import AI21Dialect
from .azure import AzureDialect
from .databricks import DatabricksDialect
from .huggingface import HuggingFaceDialect
from .nim import NimDialect
from .snowflake import SnowflakeDialect

__all__ = [
    "AI21Dialect",
    "AzureDialect",
    "DatabricksDialect",
    "HuggingFaceDialect",
    "NimDialect",
    "SnowflakeDialect",
]
