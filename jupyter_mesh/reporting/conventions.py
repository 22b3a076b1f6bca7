"""Names of OpenTelemetry's semantic conventions for generative AI, of one version.

Source: https://github.com/open-telemetry/semantic-conventions/tree/v1.37.0/docs/gen-ai
"""

from __future__ import annotations

SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
FINISH_REASONS = "gen_ai.response.finish_reasons"
ERROR_TYPE = "error.type"

# The mesh's own.
CALL_ID = "jupyter_mesh.call.id"
OUTCOME = "jupyter_mesh.call.outcome"
CACHE = "jupyter_mesh.call.cache"
COST = "jupyter_mesh.call.cost_usd"
APPLICATION = "jupyter_mesh.application"
PURPOSE = "jupyter_mesh.purpose"
FIRST_TOKEN = "jupyter_mesh.call.first_token_ms"

OPERATIONS = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings"}
"""What the conventions call an operation of the mesh; others keep their own name."""
