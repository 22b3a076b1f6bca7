"""OpenAI ("Create chat completion"), Azure OpenAI, and vendors of their shape."""

from __future__ import annotations

from jupyter_mesh.schemas.spend import Usage

from . import Exchange, sse

_DONE = "data: [DONE]\n\n"
_WEATHER = ("get_current_weather", {"location": "Boston, MA"})

OPENAI = [
    Exchange(
        "openai",
        "Create chat completion: default",
        """{"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion",
        "created": 1741569952, "model": "gpt-5.4", "choices": [{"index": 0, "message": {
        "role": "assistant", "content": "Hello! How can I assist you today?", "refusal": null,
        "annotations": []}, "logprobs": null, "finish_reason": "stop"}], "usage": {
        "prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
        "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}},
        "service_tier": "default"}""",
        Usage(input=19, output=10),
        text="Hello! How can I assist you today?",
    ),
    Exchange(
        "openai",
        "Create chat completion: functions",
        """{"id": "chatcmpl-abc123", "object": "chat.completion", "created": 1699896916,
        "model": "gpt-4o-mini", "choices": [{"index": 0, "message": {"role": "assistant",
        "content": null, "tool_calls": [{"id": "call_abc123", "type": "function", "function": {
        "name": "get_current_weather", "arguments": "{\\n\\"location\\": \\"Boston, MA\\"\\n}"}}]},
        "logprobs": null, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 82,
        "completion_tokens": 17, "total_tokens": 99, "completion_tokens_details": {
        "reasoning_tokens": 0, "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0}}}""",
        Usage(input=82, output=17),
        calls=(_WEATHER,),
        finish="tool_calls",
    ),
    Exchange(
        "openai",
        "Create chat completion: streaming, with include_usage",
        sse(
            """{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini", "system_fingerprint": "fp_44709d6fcb", "choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}""",
            """{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini", "system_fingerprint": "fp_44709d6fcb", "choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null}""",
            """{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini", "system_fingerprint": "fp_44709d6fcb", "choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}""",
            """{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini", "system_fingerprint": "fp_44709d6fcb", "choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}""",
            end=_DONE,
        ),
        Usage(input=9, output=1),
        text="Hello",
        streamed=True,
    ),
    Exchange(
        "openai",
        "Function calling: streaming",
        sse(
            """{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index": 0, "id": "call_DdmO9pD3xa9XTPNJ32zg2hcA", "function": {"arguments": "", "name": "get_weather"}, "type": "function"}]},"finish_reason":null}]}""",
            """{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1","choices":[{"index":0,"delta":{"tool_calls":[{"index": 0, "id": null, "function": {"arguments": "{\\"", "name": null}, "type": null}]},"finish_reason":null}]}""",
            """{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1","choices":[{"index":0,"delta":{"tool_calls":[{"index": 0, "id": null, "function": {"arguments": "location\\":\\"", "name": null}, "type": null}]},"finish_reason":null}]}""",
            """{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1","choices":[{"index":0,"delta":{"tool_calls":[{"index": 0, "id": null, "function": {"arguments": "Paris\\"}", "name": null}, "type": null}]},"finish_reason":null}]}""",
            """{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            """{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1","choices":[],"usage":{"prompt_tokens":60,"completion_tokens":14,"total_tokens":74}}""",
            end=_DONE,
        ),
        Usage(input=60, output=14),
        calls=(("get_weather", {"location": "Paris"}),),
        finish="tool_calls",
        streamed=True,
    ),
    Exchange(
        "azure",
        "Azure OpenAI reference: chat completions, with content filter results",
        """{"id": "chatcmpl-7R1nGnsXO8n4oi9UPz2f3UHdgAYMn", "created": 1686676106,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant",
        "content": "Ahoy matey!"}, "content_filter_results": {"hate": {"filtered": false,
        "severity": "safe"}, "self_harm": {"filtered": false, "severity": "safe"}}}],
        "model": "gpt-4o", "object": "chat.completion", "prompt_filter_results": [{
        "prompt_index": 0, "content_filter_results": {"violence": {"filtered": false,
        "severity": "safe"}}}], "usage": {"completion_tokens": 557, "prompt_tokens": 33,
        "total_tokens": 590}}""",
        Usage(input=33, output=557),
        text="Ahoy matey!",
    ),
    Exchange(
        "azure",
        "Azure OpenAI: content streaming, the first event without choices",
        sse(
            """{"id":"","object":"","created":0,"model":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}],"choices":[]}""",
            """{"id":"chatcmpl-7rAJvsS1QQCDuZYDDdQuMJVMV3x3N","object":"chat.completion.chunk","created":1692905411,"model":"gpt-4o","choices":[{"index":0,"finish_reason":null,"delta":{"role":"assistant"}}],"usage":null}""",
            """{"id":"chatcmpl-7rAJvsS1QQCDuZYDDdQuMJVMV3x3N","object":"chat.completion.chunk","created":1692905411,"model":"gpt-4o","choices":[{"index":0,"finish_reason":null,"delta":{"content":"Color"}}],"usage":null}""",
            """{"id":"chatcmpl-7rAJvsS1QQCDuZYDDdQuMJVMV3x3N","object":"chat.completion.chunk","created":1692905411,"model":"gpt-4o","choices":[{"index":0,"finish_reason":"content_filter","delta":{}}],"usage":null}""",
            """{"id":"chatcmpl-7rAJvsS1QQCDuZYDDdQuMJVMV3x3N","object":"chat.completion.chunk","created":1692905411,"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}""",
            end=_DONE,
        ),
        Usage(input=8, output=2),
        text="Color",
        finish="content_filter",
        streamed=True,
    ),
    Exchange(
        "openai",
        "DeepSeek: create chat completion, reasoner",
        """{"id": "930c60df-bf64-41c9-a88e-3ec75f81e00e", "choices": [{"finish_reason": "stop",
        "index": 0, "message": {"content": "Hello! How can I help you today?",
        "reasoning_content": "A greeting.", "role": "assistant"}}], "created": 1705651092,
        "model": "deepseek-reasoner", "object": "chat.completion", "usage": {
        "completion_tokens": 10, "prompt_tokens": 16, "total_tokens": 26,
        "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 16,
        "completion_tokens_details": {"reasoning_tokens": 3}}}""",
        Usage(input=16, output=10, reasoning=3),
        text="Hello! How can I help you today?",
        thoughts="A greeting.",
    ),
    Exchange(
        "openai",
        "Ollama: OpenAI compatibility, streamed",
        sse(
            """{"id":"chatcmpl-521","object":"chat.completion.chunk","created":1,"model":"llama3.2","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}""",
            """{"id":"chatcmpl-521","object":"chat.completion.chunk","created":1,"model":"llama3.2","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]}""",
            """{"id":"chatcmpl-521","object":"chat.completion.chunk","created":1,"model":"llama3.2","system_fingerprint":"fp_ollama","choices":[],"usage":{"prompt_tokens":26,"completion_tokens":2,"total_tokens":28}}""",
            end=_DONE,
        ),
        Usage(input=26, output=2),
        text="Hi",
        streamed=True,
    ),
    Exchange(
        "databricks",
        "Foundation model REST API: chat, streamed",
        sse(
            """{"id":"cmpl-1","object":"chat.completion.chunk","created":1698824353,"model":"databricks-claude-sonnet-4","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}}""",
            """{"id":"cmpl-1","object":"chat.completion.chunk","created":1698824353,"model":"databricks-claude-sonnet-4","choices":[{"index":0,"delta":{"content":"!"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}""",
            end=_DONE,
        ),
        Usage(input=7, output=2),
        text="Hello!",
        streamed=True,
    ),
    Exchange(
        "ai21",
        "Jamba: chat completions, streamed",
        sse(
            """{"id": "chat-1", "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": null, "logprobs": null}]}""",
            """{"id": "chat-1", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": null, "logprobs": null}]}""",
            """{"id": "chat-1", "choices": [{"index": 0, "delta": {"content": " there"}, "finish_reason": "stop", "logprobs": null}], "usage": {"prompt_tokens": 107, "completion_tokens": 2, "total_tokens": 109}}""",
            end=_DONE,
        ),
        Usage(input=107, output=2),
        text="Hi there",
        streamed=True,
    ),
    Exchange(
        "snowflake",
        "Cortex REST API: chat completions",
        """{"id": "", "created": 1748000000, "model": "claude-sonnet-4-5",
        "object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"content": "The answer is 42", "role": "assistant"}}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 6, "total_tokens": 18}}""",
        Usage(input=12, output=6),
        text="The answer is 42",
    ),
    Exchange(
        "nim",
        "NIM for LLMs: reasoning",
        """{"id": "chat-af3b", "object": "chat.completion", "created": 1, "model": "meta/llama",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Four.",
        "reasoning_content": "2+2", "tool_calls": []}, "logprobs": null,
        "finish_reason": "stop", "stop_reason": null}], "usage": {"prompt_tokens": 21,
        "total_tokens": 30, "completion_tokens": 9, "prompt_tokens_details": null},
        "prompt_logprobs": null}""",
        Usage(input=21, output=9),
        text="Four.",
        thoughts="2+2",
    ),
    Exchange(
        "huggingface",
        "Inference Providers: chat completion",
        """{"id": "", "object": "chat.completion", "created": 1732639001, "model": "openai/gpt-oss",
        "system_fingerprint": "3.0.1-sha-bb9095a", "choices": [{"index": 0, "message": {
        "role": "assistant", "content": "Paris."}, "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 15, "completion_tokens": 3, "total_tokens": 18}}""",
        Usage(input=15, output=3),
        text="Paris.",
    ),
]
