"""Kernels of this environment know the magics without %load_ext.

IPython imports ``jupyter_mesh`` when one of them is first used, so a kernel starts no slower.
"""

c = get_config()  # noqa: F821  IPython puts this name here

c.MagicsManager.lazy_magics = {"llm": "jupyter_mesh", "rag": "jupyter_mesh"}
