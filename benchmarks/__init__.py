"""What `make bench` runs: the gateway against floors and peers, all measured in the same run."""
