// The colours of the page and of its charts come with the page, in the theme that the browser showed when it was drawn.
// Streamlit repaints only what is its own when the theme changes, so the page has to be asked for anew.
export default function ({ data, parentElement, setTriggerValue }) {
  const app = document.querySelector('[data-testid="stApp"]');
  parentElement.gaitStudioTheme?.disconnect();
  if (!app) return () => {};
  const look = () => {
    const shown = getComputedStyle(app).colorScheme;
    if (!["light", "dark"].includes(shown)) return; // "normal" while a page is being built
    if (shown === data.drawn) {
      delete window.gaitStudioThemeAsked;
    } else if (shown !== window.gaitStudioThemeAsked) {
      window.gaitStudioThemeAsked = shown; // once for each change, even if the answer should be in the old theme
      setTriggerValue("theme", shown);
    }
  };
  const changes = new MutationObserver(look);
  changes.observe(app, { attributes: true, attributeFilter: ["class"] });
  parentElement.gaitStudioTheme = changes;
  look();
  return () => changes.disconnect();
}
