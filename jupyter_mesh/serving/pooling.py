# pyright: basic
# (torch's own annotations are partial)
"""From the vectors of a text's tokens to the vector of the text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def pool(tokens: Tensor, mask: Tensor, modes: Sequence[str], *, normalize: bool) -> Tensor:
    """One vector for each text of a batch.

    Args:
        tokens: Hidden states, of shape (texts, tokens, width).
        mask: 1 for tokens, 0 for padding (on either side), of shape (texts, tokens).
        modes: Names from `sentence_layout.POOLINGS`; their vectors are concatenated.
        normalize: Scale each result to length 1.

    Returns:
        float32, of shape (texts, width × number of modes).
    """
    tokens = tokens.float()
    vectors = torch.cat([_one(tokens, mask, mode) for mode in modes], dim=-1)
    return torch.nn.functional.normalize(vectors, dim=-1) if normalize else vectors


def _one(tokens: Tensor, mask: Tensor, mode: str) -> Tensor:
    rows = torch.arange(len(tokens), device=tokens.device)
    weights = mask.unsqueeze(-1).to(tokens.dtype)
    match mode:
        case "cls":
            return tokens[rows, mask.int().argmax(dim=1)]
        case "lasttoken":
            return tokens[rows, mask.shape[1] - 1 - mask.int().flip(1).argmax(dim=1)]
        case "max":
            return tokens.masked_fill(weights == 0, float("-inf")).max(dim=1).values
        case "mean_sqrt_len_tokens":
            return (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9).sqrt()
        case "weightedmean":  # the n-th token of a text counts n times
            weights = weights * mask.cumsum(dim=1).unsqueeze(-1)
    return (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9)
