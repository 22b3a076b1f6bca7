"""What a process of ours gives up before it works: life without its gateway, and the network."""

from .lifeline import die_with
from .seclusion import cut_off_network

__all__ = ["cut_off_network", "die_with"]
