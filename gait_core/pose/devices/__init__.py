"""Where the pose model runs: the processor, or a device that was tried and won."""
