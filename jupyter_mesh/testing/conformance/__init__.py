"""The cases that every provider must pass, whatever its vendor's format.

Each is asked whole and streamed. A capability that a provider lacks must be refused, or left out
with a word about it: never ignored in silence.
"""

from .case import Case, Check
from .cases import CAPABILITIES, CASES

__all__ = ["CAPABILITIES", "CASES", "Case", "Check"]
