"""The page 'Library'."""

from app.registry import register

register(__file__, "library", title="Library", icon=":material/inventory_2:", section="Machine", order=80)

if __name__ == "__main__":  # run by Streamlit, not loaded for the menu
    from app.views import library

    library.render()
