"""How vendors that charge rankings by the search count them.

Source: Cohere's pricing page and Amazon Bedrock's: a search is a query over up to 100 documents; a
long document is split, and each piece is a document.
"""

from __future__ import annotations

from .json import Json, as_list, as_str, dig
from .tokens import estimate_all

DOCUMENTS_OF_A_SEARCH = 100
TOKENS_OF_A_PIECE = 512


def searches_of(documents: Json) -> int:
    """As how many searches a ranking of `documents` is likely charged; at least one."""
    pieces = sum(_pieces(one) for one in as_list(documents) or [])
    return max(1, -(-pieces // DOCUMENTS_OF_A_SEARCH))


def most_searches(documents: Json, tokens: int) -> int:
    """The same at most.

    Args:
        documents: To be ranked.
        tokens: Of the whole request at most.
    """
    pieces = len(as_list(documents) or []) + tokens // TOKENS_OF_A_PIECE
    return max(1, -(-pieces // DOCUMENTS_OF_A_SEARCH))


def _pieces(document: Json) -> int:
    text = document if isinstance(document, str) else as_str(dig(document, "text")) or ""
    return max(1, -(-estimate_all((text,)) // TOKENS_OF_A_PIECE))
