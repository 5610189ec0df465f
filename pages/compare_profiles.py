"""The page 'Compare profiles'."""

from app.registry import register

register(__file__, "profiles", title="Compare profiles", icon=":material/compare:", section="Machine", order=60)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import compare_profiles

    compare_profiles.render()
