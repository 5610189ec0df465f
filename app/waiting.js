// While the dashboard is not running, Streamlit asks whether there is an internet connection, which Gait Studio never
// needs. Its own page connects again by itself once the dashboard is back; so this says so. Only the texts change: the
// dialog stays Streamlit's, which closes it.
(() => {
  if (window.gaitStudioWaiting) return;
  window.gaitStudioWaiting = true;
  const TEXTS = [
    [/^\s*Connection error\s*$/, "Gait Studio is not running"],
    [
      /Are you connected to the internet\?|Streamlit server is not responding|Is Streamlit still running/,
      "Start it again on this computer. This page waits, and goes on by itself where you were.",
    ],
  ];
  const reword = () => {
    for (const dialog of document.querySelectorAll('[role="dialog"]')) {
      if (!/Connection error/.test(dialog.textContent)) continue;
      const texts = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const found = TEXTS.find(([pattern]) => pattern.test(texts.currentNode.data));
        if (found) texts.currentNode.data = found[1];
      }
    }
  };
  new MutationObserver(reword).observe(document.body, { childList: true, subtree: true });
})();
