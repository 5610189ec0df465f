"""The page 'Baseline wizard'."""

from app.registry import register

register(__file__, "baseline", title="Baseline wizard", icon=":material/directions_walk:", section="Work", order=20)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import wizard

    wizard.render()
