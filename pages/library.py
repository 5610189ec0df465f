"""The page 'Library'."""

from app.views import library

library.render()
