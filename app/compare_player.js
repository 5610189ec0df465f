// Plays the overlay videos of several profiles in step: one set of buttons, one timeline, and the frames side by side.

// Streamlit calls this again at every rerun of the page. The same videos stay as they are, and go on playing; videos
// that were made anew would load again, behind those that they replaced.
export default function (component) {
  const { data, parentElement } = component;
  const shown = JSON.stringify(data.videos);
  if (parentElement.comparedVideos?.shown === shown) return;
  parentElement.comparedVideos?.end();
  parentElement.comparedVideos = { shown, end: build(data, parentElement) };
}

function build(data, parentElement) {
  const root = document.createElement("div");
  root.className = "compared";
  parentElement.appendChild(root);
  const make = (name, attributes = {}, parent = root, text) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    parent.appendChild(node);
    return node;
  };

  const grid = make("div", { class: "grid", style: `--n:${Math.min(data.videos.length, 3)}` });
  const videos = data.videos.map(({ name, url, note }) => {
    const figure = make("figure", {}, grid);
    const video = make("video", { src: url, preload: "auto", playsinline: "", "aria-label": `Overlay of ${name}` }, figure);
    video.muted = true;
    const caption = make("figcaption", {}, figure);
    make("b", {}, caption, name);
    make("span", {}, caption, note);
    video.addEventListener("error", () => make("span", { role: "alert" }, caption, "This video could not be loaded. Reload the page."), { once: true });
    return video;
  });

  const bar = make("div", { class: "bar" });
  const play = make("button", { type: "button", class: "play" }, bar, "Play");
  const back = make("button", { type: "button", "aria-label": "One frame back" }, bar, "◂ 1");
  const on = make("button", { type: "button", "aria-label": "One frame on" }, bar, "1 ▸");
  const line = make("input", { type: "range", min: "0", max: "1", step: "0.001", value: "0", "aria-label": "Time in all videos" }, bar);
  const clock = make("output", {}, bar, "0.0 s");
  const speed = make("select", { "aria-label": "Speed" }, bar);
  for (const value of [0.25, 0.5, 1]) {
    const option = make("option", { value: String(value) }, speed, `${value}×`);
    option.selected = value === 1;
  }

  const frame = 1 / 30;
  const leader = videos[0];
  const end = () => Math.max(...videos.map((v) => v.duration || 0), 0.1);
  const place = (t) => {
    line.max = end().toFixed(3);
    line.value = t.toFixed(3);
    line.setAttribute("aria-valuetext", `${t.toFixed(2)} s`);
    clock.textContent = `${t.toFixed(2)} s`;
  };
  const seek = (t) => {
    const to = Math.min(end(), Math.max(0, t));
    for (const v of videos) v.currentTime = to;
    place(to);
  };
  const pause = () => { for (const v of videos) v.pause(); play.textContent = "Play"; seek(leader.currentTime); };
  const start = () => {
    if (leader.currentTime >= end() - frame) seek(0);
    for (const v of videos) { v.playbackRate = Number(speed.value); v.play().catch(() => {}); }
    play.textContent = "Pause";
  };
  play.addEventListener("click", () => (leader.paused ? start() : pause()));
  back.addEventListener("click", () => { pause(); seek(leader.currentTime - frame); });
  on.addEventListener("click", () => { pause(); seek(leader.currentTime + frame); });
  line.addEventListener("input", () => { if (!leader.paused) pause(); seek(Number(line.value)); });
  speed.addEventListener("change", () => { for (const v of videos) v.playbackRate = Number(speed.value); });
  leader.addEventListener("ended", pause);
  for (const v of videos) v.addEventListener("loadedmetadata", () => place(leader.currentTime));

  // The others follow the first: a browser starts them a few hundredths of a second apart.
  const follow = () => {
    if (leader.paused) return;
    for (const v of videos.slice(1)) {
      if (!v.seeking && Math.abs(v.currentTime - leader.currentTime) > 1.5 * frame) v.currentTime = leader.currentTime;
    }
    place(leader.currentTime);
    requestAnimationFrame(follow);
  };
  leader.addEventListener("play", follow);
  place(0);
  return () => {
    for (const v of videos) { v.pause(); v.removeAttribute("src"); v.load(); }
    root.remove();
  };
}
