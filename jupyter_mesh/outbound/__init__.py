"""Requests to services over HTTP: connections, who asks, and what went wrong, under our names."""
