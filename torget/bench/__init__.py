"""What `torget bench` measures, each with its limit measured in the same run."""
