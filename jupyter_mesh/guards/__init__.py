"""Detectors that find and judges that judge; what happens on a hit is policy."""
