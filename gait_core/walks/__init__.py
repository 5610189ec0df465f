"""From a video file to a prepared walk, and what was measured of it: what every workflow starts from."""
