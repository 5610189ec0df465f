"""The page 'Thresholds'."""

from app.views import thresholds

thresholds.render()
