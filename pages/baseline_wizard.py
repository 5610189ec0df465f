"""The page 'Baseline wizard'."""

from app.views import wizard

wizard.render()
