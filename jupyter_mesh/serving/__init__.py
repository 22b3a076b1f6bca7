"""The local Hugging Face engine: a supervised worker process per model.

`Supervisor` is the `EngineFactory` that the mesh hands to providers. Importing this package loads
no ML library; only the worker does.
"""

from .supervisor import Supervisor

__all__ = ["Supervisor"]
