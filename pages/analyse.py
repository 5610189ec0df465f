"""The page 'Analyse a walk'."""

from app.registry import register

register(__file__, "analyse", title="Analyse a walk", icon=":material/monitor_heart:", section="Work", order=30)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import analyse

    analyse.render()
