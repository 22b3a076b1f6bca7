"""The composition root: the one `Mesh` that every host runs."""

from ..pipeline.call import CacheDirective, Call, Report
from .mesh import Mesh

__all__ = ["CacheDirective", "Call", "Mesh", "Report"]
