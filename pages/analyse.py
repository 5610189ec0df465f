"""The page 'Analyse a walk'."""

from app.views import analyse

analyse.render()
