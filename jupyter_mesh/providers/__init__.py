"""Backends, one per file; each turns its vendor's wire format into the mesh's events."""
