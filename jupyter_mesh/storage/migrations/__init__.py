"""Alembic's scripts. A new table or column is a new file under `versions`; none is ever edited
after a release.
"""
