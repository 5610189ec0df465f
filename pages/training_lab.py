"""The page 'Training lab'."""

from app.registry import register

register(__file__, "training", title="Training lab", icon=":material/model_training:", section="Machine", order=65)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import training_lab

    training_lab.render()
