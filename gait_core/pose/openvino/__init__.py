"""MediaPipe's pose models run by OpenVINO, with everything around them."""
