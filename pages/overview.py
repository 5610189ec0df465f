"""The page 'Overview'."""

from app.views import overview

overview.render()
