"""From frames to landmarks: landmark names, tracks, model files, engines, parallel extraction."""
