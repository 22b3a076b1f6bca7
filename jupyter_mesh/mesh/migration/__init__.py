"""From a personal mesh to the hub's: what is configured there is set here, each object as a change
of its own. First a plan, which changes nothing.
"""

from .hub import Hub
from .personal import PersonalMesh, read_personal
from .plan import Choices, Plan, PlannedObject, Verdict, make_plan

__all__ = [
    "Choices",
    "Hub",
    "PersonalMesh",
    "Plan",
    "PlannedObject",
    "Verdict",
    "make_plan",
    "read_personal",
]
