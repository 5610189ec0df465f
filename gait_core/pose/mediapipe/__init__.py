"""MediaPipe Tasks as a pose engine."""
