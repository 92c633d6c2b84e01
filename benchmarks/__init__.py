"""What the service promises about speed, measured beside the floors of the same run: `python -m benchmarks`."""
