"""The page 'Recognition'."""

from app.registry import register

register(__file__, "recognition", title="Recognition", icon=":material/fingerprint:", section="Machine", order=67)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import recognition

    recognition.render()
