"""The page 'Measure a walk'."""

from app.views import measure

measure.render()
