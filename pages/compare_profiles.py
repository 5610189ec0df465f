"""The page 'Compare profiles'."""

from app.views import compare_profiles

compare_profiles.render()
