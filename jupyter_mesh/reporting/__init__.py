"""What the mesh tells others: alerts over channels, the audit to sinks, traces."""
