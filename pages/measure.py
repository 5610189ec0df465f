"""The page 'Measure a walk'."""

from app.registry import register

register(__file__, "measure", title="Measure a walk", icon=":material/straighten:", section="Work", order=40)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import measure

    measure.render()
