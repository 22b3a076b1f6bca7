"""A widget's call: streamed in the background, so that the kernel stays free and Stop works."""

# pyright: basic
# ipywidgets has no types

from __future__ import annotations

import time
from contextlib import aclosing

from ...client.async_mesh import AsyncMesh
from ...client.call import ChatCall
from ...client.caller import call_finished
from ...client.chat import stream_chunks
from ...client.draft import Draft
from ...client.errors import MeshClientError
from ..screen import facts_line
from .views import AnswerText

_EVERY_SECONDS = 0.1


async def stream_into(view: AnswerText, mesh: AsyncMesh, call: ChatCall) -> Draft:
    """Ask, and let the answer grow in `view`.

    Returns:
        What came; the view says whether it is complete.
    """
    draft = Draft(call.model)
    view.state, view.facts = "streaming", ""
    shown = 0.0
    try:
        async with aclosing(stream_chunks(mesh.transport, call)) as chunks:
            async for chunk in chunks:
                draft.add(chunk)
                if time.monotonic() - shown >= _EVERY_SECONDS:
                    view.grow(draft.text)
                    shown = time.monotonic()
    except MeshClientError as failure:
        text = "\n\n".join(filter(None, (draft.text, failure.message)))
        view.end("error", text, facts_line(draft.answer()))
    except BaseException:
        view.end("stopped", draft.text, "stopped")
        raise
    else:
        draft.end()
        view.end("done", draft.text, facts_line(draft.answer()))
    finally:
        call_finished()
    return draft
