"""The page 'Performance'."""

from app.registry import register

register(__file__, "performance", title="Performance", icon=":material/speed:", section="Machine", order=70)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import performance

    performance.render()
