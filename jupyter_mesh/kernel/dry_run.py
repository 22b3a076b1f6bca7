"""`--dry-run`: what a cell would send and cost, and what guards find in it, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..client.answer import printable
from ..client.figures import dollars
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig

if TYPE_CHECKING:
    from ..schemas.api import DryRun
    from .cell import Cell


_HEADS = ("what", "found by", "times or score", "what comes of it", "rule")
_ACTIONS = {
    "redact": "redacted",
    "pseudonymise": "given another value",
    "mask": "masked",
    "hash": "replaced by a code",
    "block": "refused",
    "alert": "let pass with an alert",
    "kept_inside": "kept from the models of the rule",
    "fail": "the guard failed",
}
"""What the admin's pages say of each."""


def dry_run_text(cell: Cell, runs: list[DryRun]) -> str:
    """Notices, the prompt as it would leave, what was found in it, tokens and cost."""
    lines = [f"! {notice.message}" for notice in cell.notices]
    for run in runs:
        lines += ["", *_run_lines(run)]
    return printable("\n".join([*lines, "", "Nothing was sent."]).strip())


def _run_lines(run: DryRun) -> list[str]:
    fallback = f" (else {', '.join(run.candidates[1:])})" if len(run.candidates) > 1 else ""
    whom = f"{run.model}{fallback}"
    lines = [f"Would be refused, and not sent to {whom}:" if run.blocked else f"To {whom}:"]
    for message in as_list(dig(run.prompt, "messages")) or ():
        role = as_str(dig(message, "role")) or "?"
        lines.append(f"[{role}] {_content_text(dig(message, 'content'))}")
    lines += _findings(run)
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


def _findings(run: DryRun) -> list[str]:
    """A table of what was found and what comes of it."""
    if not run.findings:
        unread = f"Not looked through: no rule holds for {run.model}"
        return ["Found: nothing" if run.screened else unread]
    rows = [_HEADS, *(_row(as_object(finding) or {}) for finding in run.findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return ["Found:", *(f"  {line}".rstrip() for line in lines)]


def _row(finding: JsonObject) -> tuple[str, ...]:
    """What was found, by whom, how often, what comes of it, and which rule says so."""
    watched = finding.get("action") == "monitor"
    action = as_str(finding.get("would" if watched else "action")) or ""
    words = _ACTIONS.get(action, action)
    score = finding.get("score")
    what = as_str(finding.get("entity")) or as_str(finding.get("direction")) or "-"
    categories = [one for one in map(as_str, as_list(finding.get("categories")) or ()) if one]
    return (
        ": ".join([what, ", ".join(categories)]) if categories else what,
        as_str(finding.get("guard")) or "-",
        f"{score:.2f}" if isinstance(score, float | int) else str(finding.get("count") or 1),
        f"nothing, only watched ({words})" if watched else words,
        as_str(finding.get("rule")) or "-",
    )
