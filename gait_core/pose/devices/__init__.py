"""Where the pose model runs: the CPU, or a device that was tried and won."""
