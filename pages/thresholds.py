"""The page 'Thresholds'."""

from app.registry import register

register(__file__, "thresholds", title="Thresholds", icon=":material/tune:", section="Work", order=50)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import thresholds

    thresholds.render()
