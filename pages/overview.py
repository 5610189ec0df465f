"""The page 'Overview'."""

from app.registry import register

register(__file__, "overview", title="Overview", icon=":material/space_dashboard:", section="", order=10, default=True)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import overview

    overview.render()
