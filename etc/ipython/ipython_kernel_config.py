"""Kernels of this environment know the magics without %load_ext.

IPython imports the magics when one of them is first used, so a kernel starts no slower. What is
loaded at once is a few lines: the comm target on which JupyterLab names the running notebook, and
Tab completion.
"""

c = get_config()  # noqa: F821  IPython puts this name here

c.MagicsManager.lazy_magics = {"llm": "jupyter_mesh", "rag": "jupyter_mesh"}
c.InteractiveShellApp.extensions.append("jupyter_mesh.kernel.startup")
