"""What the work runs on: devices, memory, executors, checks of the machine."""
