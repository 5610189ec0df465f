// Draws the score over time below the overlay video and keeps both at the same moment.
const NS = "http://www.w3.org/2000/svg";
const W = 640, H = 140, LEFT = 34, RIGHT = 8, TOP = 18, BOTTOM = 24;

function el(name, attributes, parent, text) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

// The browser learns the length of the video after the first drawing: draw once more then, or the curve would end
// where the last window ends and the rest of the video could not be reached.
export default function (component) {
  let clean = draw(component), waiting = true;
  const again = () => {
    if (!waiting) return;
    if (document.querySelector(component.data.video)?.duration > 0) { clean(); clean = draw(component); return; }
    requestAnimationFrame(again);
  };
  if (!(document.querySelector(component.data.video)?.duration > 0)) again();
  return () => { waiting = false; clean(); };
}

function draw(component) {
  const { data, parentElement } = component;
  const c = data.colors;
  parentElement.querySelector(".track")?.remove();
  const root = document.createElement("div");
  root.className = "track";
  parentElement.appendChild(root);

  const video = () => document.querySelector(data.video);
  const end = Math.max(data.time.at(-1) ?? 1, video()?.duration || 0) || 1;
  const top = Math.max(...data.score, data.limit * 1.2, 0.1) * 1.1;
  const x = (t) => LEFT + (t / end) * (W - LEFT - RIGHT);
  const y = (s) => H - BOTTOM - (s / top) * (H - TOP - BOTTOM);

  const svg = el("svg", {
    viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", tabindex: "0", role: "slider",
    "aria-label": `Score along the walk. ${data.label}`, "aria-valuemin": "0",
    "aria-valuemax": end.toFixed(1), "aria-valuenow": "0", "aria-valuetext": "0.0 s",
  }, root);
  svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
  el("rect", { x: LEFT, y: TOP, width: W - LEFT - RIGHT, height: H - TOP - BOTTOM, fill: c.surface, rx: 6 }, svg);

  // Stretches over the limit are hatched by a bar at the bottom edge as well as by colour.
  const step = data.time.length > 1 ? (data.time.at(-1) - data.time[0]) / (data.time.length - 1) : 0.1;
  data.time.forEach((t, i) => {
    if (data.score[i] > data.limit) {
      el("rect", { x: x(Math.max(0, t - step / 2)), y: H - BOTTOM - 5, height: 5,
        width: Math.max(1.5, x(t + step / 2) - x(t - step / 2)), fill: c.over }, svg);
    }
  });
  el("line", { x1: LEFT, x2: W - RIGHT, y1: y(data.limit), y2: y(data.limit), stroke: c.over,
    "stroke-width": 1.2, "stroke-dasharray": "5 4" }, svg);
  el("text", { x: LEFT + 5, y: y(data.limit) - 4, fill: c.over }, svg,
    `limit ${data.limit.toFixed(2)}`);
  el("polyline", { points: data.time.map((t, i) => `${x(t)},${y(data.score[i])}`).join(" "), fill: "none",
    stroke: c.line, "stroke-width": 2.4, "stroke-linejoin": "round" }, svg);
  el("text", { x: LEFT, y: 12, fill: c.muted }, svg, "Score of the window");
  for (let s = 0; s <= top; s += top > 4 ? 2 : 1) {
    el("text", { x: LEFT - 5, y: y(s) + 4, fill: c.muted, "text-anchor": "end" }, svg, String(s));
  }
  const tick = end > 20 ? 5 : end > 8 ? 2 : 1;
  for (let t = 0; t <= end; t += tick) {
    el("text", { x: x(t), y: H - 8, fill: c.muted, "text-anchor": "middle" }, svg, t === 0 ? "0 s" : `${t}`);
  }
  const head = el("line", { x1: x(0), x2: x(0), y1: TOP, y2: H - BOTTOM, stroke: c.text, "stroke-width": 2 }, svg);
  const clock = el("text", { x: W - RIGHT - 4, y: 12, fill: c.text, "text-anchor": "end" }, svg, "");

  // Before the first window and after the last, and where none was scored, there is no score.
  const near = Math.max(step, 0.2);
  const at = (t) => {
    let best = 0;
    data.time.forEach((value, i) => { if (Math.abs(value - t) < Math.abs(data.time[best] - t)) best = i; });
    return Math.abs(data.time[best] - t) <= near ? data.score[best] : undefined;
  };
  const place = (t) => {
    head.setAttribute("x1", x(t)); head.setAttribute("x2", x(t));
    const score = at(t);
    const words = `${t.toFixed(1)} s, ${score === undefined ? "no score" : `score ${score.toFixed(2)}`}`;
    clock.textContent = words;
    svg.setAttribute("aria-valuenow", t.toFixed(1)); svg.setAttribute("aria-valuetext", words);
  };
  let now = 0;
  const seek = (t) => {
    now = Math.min(end, Math.max(0, t));
    const v = video();
    if (v) v.currentTime = now;
    place(now);
  };
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    const scale = Math.min(box.width / W, box.height / H);
    const inside = (event.clientX - box.left - (box.width - W * scale) / 2) / scale;
    seek(((inside - LEFT) / (W - LEFT - RIGHT)) * end);
  });
  svg.addEventListener("keydown", (event) => {
    const jump = { ArrowRight: 0.1, ArrowLeft: -0.1, PageUp: 1, PageDown: -1 }[event.key];
    if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(end);
    else if (event.key === " ") { const v = video(); if (v) v.paused ? v.play() : v.pause(); }
    else if (jump) seek(now + jump);
    else return;
    event.preventDefault();
  });

  let alive = true;
  const follow = () => {
    if (!alive) return;
    const v = video();
    if (v && Math.abs(v.currentTime - now) > 0.02) { now = v.currentTime; place(now); }
    requestAnimationFrame(follow);
  };
  place(0);
  follow();
  return () => { alive = false; root.remove(); };
}
