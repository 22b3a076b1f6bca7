"""From a request to a call of the mesh, the same for every API that asks models."""

from __future__ import annotations

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.schemas.request import Operation, Request, refuse_routing

from .call_options import CallOptions, call_options
from .exchange import HttpRequest, StreamReply
from .gateway import Gateway
from .openai_answer import answer_headers
from .routing_headers import refuse_routing_headers
from .sse import Encoder, EventStream

_STREAMABLE = (Operation.CHAT, Operation.COMPLETION)


async def begin(gateway: Gateway, request: HttpRequest, asked: Request) -> tuple[Call, CallOptions]:
    """The call that `asked` is, and what its headers say of it.

    Raises:
        InvalidRequest: The query or a header is not as it should be.
    """
    if request.query:
        refuse_routing(name for name, _ in request.pairs())
    refuse_routing_headers(request.headers)
    if asked.stream and asked.operation not in _STREAMABLE:
        raise InvalidRequest(
            f"Leave out `stream`: {asked.operation} answers whole.", param="stream"
        )
    options = call_options(request.headers)
    call = gateway.mesh.call(
        request.principal,
        asked,
        purpose=options.purpose,
        document=await gateway.document(options),
        thread=options.thread,
        tags=options.tags,
        cache=options.cache,
        idempotency_key=options.idempotency_key,
        traceparent=options.traceparent,
    )
    request.id = call.id
    return call, options


async def stream_reply(gateway: Gateway, call: Call, encoder: Encoder) -> StreamReply:
    """Waits for the first piece, so that what fails before it has a status of its own.

    Raises:
        MeshError: The call failed before.
    """
    stream = EventStream(gateway.mesh.run(call), encoder)
    try:
        await stream.first()
    except BaseException:
        await stream.aclose()
        raise
    return StreamReply(stream, answer_headers(call))
