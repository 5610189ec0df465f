"""The page 'Performance'."""

from app.views import performance

performance.render()
