"""What row security costs, as ratios of times taken in one run: `make bench`."""
