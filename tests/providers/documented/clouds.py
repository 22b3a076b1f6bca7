"""Google ("Generate content", "Function calling", "Thinking"), Cohere ("Chat", "Streaming"), AWS
("Converse", "ConverseStream").
"""

from __future__ import annotations

from jupyter_mesh.schemas.spend import Usage

from . import Exchange, named, sse

GEMINI = "gemini-2.5-flash"
GOOGLE = [
    Exchange(
        "vertex",
        "Generate content: text",
        """{"candidates": [{"content": {"role": "model", "parts": [{"text": "Glacial blue."}]},
        "finishReason": "STOP", "avgLogprobs": -0.19}], "usageMetadata": {"promptTokenCount": 12,
        "candidatesTokenCount": 4, "totalTokenCount": 16, "trafficType": "ON_DEMAND",
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 12}],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 4}]},
        "modelVersion": "gemini-2.5-flash", "createTime": "2025-02-10T21:23:49Z",
        "responseId": "NW2qZ8qVNoyd4sUP"}""",
        Usage(input=12, output=4),
        text="Glacial blue.",
        model=GEMINI,
    ),
    Exchange(
        "vertex",
        "Function calling: parallel calls",
        """{"candidates": [{"content": {"role": "model", "parts": [
        {"functionCall": {"name": "get_current_weather", "args": {"location": "New Delhi"}},
         "thoughtSignature": "CqYBAXLI2nw="},
        {"functionCall": {"name": "get_current_weather", "args": {"location": "San Francisco"}}}
        ]}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 48,
        "candidatesTokenCount": 16, "totalTokenCount": 64}}""",
        Usage(input=48, output=16),
        calls=(
            ("get_current_weather", {"location": "New Delhi"}),
            ("get_current_weather", {"location": "San Francisco"}),
        ),
        finish="tool_calls",
        model=GEMINI,
    ),
    Exchange(
        "vertex",
        "Stream generate content, with thoughts",
        sse(
            """{"candidates": [{"content": {"role": "model","parts": [{"thought": true,"text": "Adding."}]}}],"usageMetadata": {"trafficType": "ON_DEMAND"},"modelVersion": "gemini-2.5-flash","responseId": "a"}""",
            """{"candidates": [{"content": {"role": "model","parts": [{"text": "It is "}]}}],"usageMetadata": {"trafficType": "ON_DEMAND"},"modelVersion": "gemini-2.5-flash","responseId": "a"}""",
            """{"candidates": [{"content": {"role": "model","parts": [{"text": "4."}]},"finishReason": "STOP"}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 5,"totalTokenCount": 44,"thoughtsTokenCount": 30},"modelVersion": "gemini-2.5-flash","responseId": "a"}""",
        ),
        Usage(input=9, output=35, reasoning=30),
        text="It is 4.",
        thoughts="Adding.",
        streamed=True,
        model=GEMINI,
    ),
]
COHERE = [
    Exchange(
        "cohere",
        "Chat: default",
        """{"id": "c14c80c3-18eb-4519-9460-6c92edd8cfb4", "finish_reason": "COMPLETE", "message": {
        "role": "assistant", "content": [{"type": "text", "text": "LLMs stand for"}]},
        "usage": {"billed_units": {"input_tokens": 5, "output_tokens": 418},
        "tokens": {"input_tokens": 71, "output_tokens": 418}}}""",
        Usage(input=5, output=418),
        text="LLMs stand for",
    ),
    Exchange(
        "cohere",
        "Chat: tools",
        """{"id": "d", "finish_reason": "TOOL_CALL", "message": {"role": "assistant",
        "tool_plan": "I will look it up.", "tool_calls": [{"id": "query_1x5tz", "type": "function",
        "function": {"name": "query_daily_sales_report", "arguments": "{\\"day\\":\\"2023-09-29\\"}"
        }}]}, "usage": {"billed_units": {"input_tokens": 127, "output_tokens": 69},
        "tokens": {"input_tokens": 1032, "output_tokens": 124}}}""",
        Usage(input=127, output=69),
        calls=(("query_daily_sales_report", {"day": "2023-09-29"}),),
        thoughts="I will look it up.",
        finish="tool_calls",
    ),
    Exchange(
        "cohere",
        "Streaming: events of a chat",
        named(
            """{"type":"message-start","id":"29f14a5a","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}""",
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}""",
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"LLM"}}}}""",
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" stands"}}}}""",
            """{"type":"content-end","index":0}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":3,"output_tokens":2},"tokens":{"input_tokens":69,"output_tokens":2}}}}""",
        ),
        Usage(input=3, output=2),
        text="LLM stands",
        streamed=True,
    ),
    Exchange(
        "cohere",
        "Streaming: events of a tool call",
        named(
            """{"type":"message-start","id":"2","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}""",
            """{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I will"}}}""",
            """{"type":"tool-plan-delta","delta":{"message":{"tool_plan":" use it."}}}""",
            """{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"get_weather_1","type":"function","function":{"name":"get_weather","arguments":""}}}}}""",
            """{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\\n    \\"location"}}}}}""",
            """{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"\\": \\"Madrid\\"}"}}}}}""",
            """{"type":"tool-call-end","index":0}""",
            """{"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":37,"output_tokens":28},"tokens":{"input_tokens":913,"output_tokens":83}}}}""",
        ),
        Usage(input=37, output=28),
        calls=(("get_weather", {"location": "Madrid"}),),
        thoughts="I will use it.",
        finish="tool_calls",
        streamed=True,
    ),
]
AMAZON = [
    Exchange(
        "bedrock",
        "Converse: response",
        """{"output": {"message": {"role": "assistant", "content": [{"text": "Here's a list."}]}},
        "stopReason": "end_turn", "usage": {"inputTokens": 125, "outputTokens": 60,
        "totalTokens": 185}, "metrics": {"latencyMs": 1175}}""",
        Usage(input=125, output=60),
        text="Here's a list.",
    ),
    Exchange(
        "bedrock",
        "Converse: tool use",
        """{"output": {"message": {"role": "assistant", "content": [{"toolUse": {
        "toolUseId": "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q", "name": "top_song",
        "input": {"sign": "WZPZ"}}}]}}, "stopReason": "tool_use", "usage": {"inputTokens": 375,
        "outputTokens": 36, "totalTokens": 411}, "metrics": {"latencyMs": 900}}""",
        Usage(input=375, output=36),
        calls=(("top_song", {"sign": "WZPZ"}),),
        finish="tool_calls",
    ),
    Exchange(
        "bedrock",
        "ConverseStream: events",
        """messageStart {"role": "assistant"}
        contentBlockDelta {"contentBlockIndex": 0, "delta": {"text": "Pop "}}
        contentBlockDelta {"contentBlockIndex": 0, "delta": {"text": "songs"}}
        contentBlockStop {"contentBlockIndex": 0}
        messageStop {"stopReason": "end_turn"}
        metadata {"usage": {"inputTokens": 47, "outputTokens": 20, "totalTokens": 67}, "metrics": {"latencyMs": 100}}""",
        Usage(input=47, output=20),
        text="Pop songs",
        streamed=True,
    ),
    Exchange(
        "bedrock",
        "ConverseStream: a tool's arguments",
        """messageStart {"role": "assistant"}
        contentBlockStart {"start": {"toolUse": {"toolUseId": "tooluse_1", "name": "top_song"}}, "contentBlockIndex": 0}
        contentBlockDelta {"delta": {"toolUse": {"input": "{\\"sign\\": "}}, "contentBlockIndex": 0}
        contentBlockDelta {"delta": {"toolUse": {"input": "\\"WZPZ\\"}"}}, "contentBlockIndex": 0}
        contentBlockStop {"contentBlockIndex": 0}
        messageStop {"stopReason": "tool_use"}
        metadata {"usage": {"inputTokens": 375, "outputTokens": 36, "totalTokens": 411}, "metrics": {"latencyMs": 100}}""",
        Usage(input=375, output=36),
        calls=(("top_song", {"sign": "WZPZ"}),),
        finish="tool_calls",
        streamed=True,
    ),
]
