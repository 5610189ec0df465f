"""From landmarks to gait: signals, segments, joint angles, features."""
