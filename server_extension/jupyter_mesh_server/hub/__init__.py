"""The gateway as a service of a JupyterHub: who calls is what the Hub says, and nothing else."""
