"""`--dry-run`: what a cell would send and cost, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..client.answer import printable
from ..client.figures import dollars
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig

if TYPE_CHECKING:
    from ..schemas.api import DryRun
    from .cell import Cell


def dry_run_text(cell: Cell, runs: list[DryRun]) -> str:
    """Notices, the prompt as it would leave, what was found in it, tokens and cost."""
    lines = [f"! {notice.message}" for notice in cell.notices]
    for run in runs:
        lines += ["", *_run_lines(run)]
    return printable("\n".join([*lines, "", "Nothing was sent."]).strip())


def _run_lines(run: DryRun) -> list[str]:
    fallback = f" (else {', '.join(run.candidates[1:])})" if len(run.candidates) > 1 else ""
    lines = [f"To {run.model}{fallback}:"]
    for message in as_list(dig(run.prompt, "messages")) or ():
        role = as_str(dig(message, "role")) or "?"
        lines.append(f"[{role}] {_content_text(dig(message, 'content'))}")
    lines.append(f"Found: {_findings(run.findings)}{', so it would be blocked' * run.blocked}")
    lines.append(f"Tokens: {run.input_tokens:,} in, at most {run.max_output_tokens:,} out")
    if run.estimated_cost_usd is None or run.max_cost_usd is None:
        lines.append("Cost: unknown, the model has no price")
    else:
        most = dollars(run.max_cost_usd)
        lines.append(f"Cost: about {dollars(run.estimated_cost_usd)}, at most {most} (estimated)")
    return lines


def _content_text(content: Json) -> str:
    if isinstance(content, str):
        return content
    parts: list[str] = []
    for part in as_list(content) or ():
        url = as_str(dig(part, "image_url", "url"))
        text = as_str(dig(part, "text")) or ""
        parts.append(text if url is None else f"[picture, {len(url) * 3 // 4 // 1024} KiB]")
    return "\n".join(parts)


def _findings(findings: list[Json]) -> str:
    shown = [_finding(as_object(finding) or {}) for finding in findings]
    return ", ".join(shown) or "nothing to redact"


def _finding(finding: JsonObject) -> str:
    """Such as `2 EMAIL_ADDRESS (redact)`; what has another form is shown as it is."""
    match finding:
        case {"entity": entity, "action": action, "count": count}:
            return f"{count} {entity} ({action})"
        case _:
            return ", ".join(f"{name} {value}" for name, value in finding.items())
