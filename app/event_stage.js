// The image of the event editor: the video of the walk at the cursor, both legs drawn over it.
const ZOOM = 2.6;

// `moved(t)` is called while the video plays, with the time of the walk.
function makeStage(parent, moved) {
  const stage = html("div", { class: "stage" }, parent);
  const inner = html("div", { class: "inner" }, stage);
  const video = html("video", { playsinline: "", preload: "auto", "aria-label": "Video of the walk" }, inner);
  video.muted = true;
  const figure = svg("svg", { class: "figure", "aria-hidden": "true" }, inner);
  const clock = html("div", { class: "clock" }, stage);
  let data = null, now = 0, wanted = null, feet = false;
  const made = { video, show, set, playable: true, changed: () => {}, zoom: (on) => { feet = on; draw(); } };

  function set(given) {
    const fresh = (video.getAttribute("src") ?? "") !== given.video.url;
    data = given;
    if (data.figure) {
      stage.style.aspectRatio = `${data.figure.width} / ${data.figure.height}`;
      stage.style.maxWidth = `${Math.round((310 * data.figure.width) / data.figure.height)}px`;
    }
    if (fresh) {
      playable(true);
      if (data.video.url) video.setAttribute("src", data.video.url); else video.removeAttribute("src");
    }
    if (!data.video.url) playable(false);
  }

  function playable(can) {
    made.playable = can;
    stage.classList.toggle("unplayable", !can);
    stage.dataset.note = can ? "" : data.video.broken;
    stage.setAttribute("role", can ? "group" : "note");
    stage.setAttribute("aria-label", can ? "Frame at the cursor" : data.video.broken);
    made.changed();
  }

  function show(t) {
    now = t;
    const i = nearestFrame();
    clock.textContent = `${t.toFixed(3)} s${i < 0 ? "" : ` · frame ${i + 1} of ${data.frames.length}`}`;
    draw();
    if (i < 0 || !made.playable || !video.paused) return;
    // Half a frame is added: a time stamp met exactly may show the frame before it.
    const ahead = ((data.frames[i + 1] ?? data.frames[i] + data.frame) - data.frames[i]) / 2;
    wanted = (data.frames[i] + ahead) / data.video.scale;
    if (!video.seeking && video.readyState >= 1) follow();
  }

  function follow() {
    if (wanted === null) return;
    const t = Math.min(wanted, Math.max(0, (video.duration || wanted) - 1e-3));
    wanted = null;
    if (Math.abs(video.currentTime - t) > 1e-4) video.currentTime = t;
  }

  function tick() {
    if (video.paused || !stage.isConnected) return;
    moved(video.currentTime * data.video.scale);
    requestAnimationFrame(tick);
  }

  function nearestFrame() {
    let low = 0, high = data.frames.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (data.frames[middle] <= now) low = middle; else high = middle;
    }
    return now - data.frames[low] <= data.frames[high] - now ? low : high;
  }
  made.frameAt = (t, step) => {
    if (!data.frames.length) return t + step * data.frame;
    const held = now;
    now = t;
    const i = nearestFrame() + step;
    now = held;
    return data.frames[Math.min(data.frames.length - 1, Math.max(0, i))];
  };

  video.addEventListener("seeked", follow);
  video.addEventListener("loadedmetadata", () => { if (video.videoWidth === 0) playable(false); else show(now); });
  video.addEventListener("error", () => { if (video.getAttribute("src")) playable(false); });
  video.addEventListener("play", () => { made.changed(); tick(); });
  video.addEventListener("pause", () => { made.changed(); show(now); });

  function draw() {
    const f = data.figure;
    figure.replaceChildren();
    inner.style.transform = "";
    if (!f || !data.frames.length) return;
    figure.setAttribute("viewBox", `0 0 ${f.width} ${f.height}`);
    const i = nearestFrame(), closer = feet ? ZOOM / 1.4 : 1;
    const ankles = [];
    for (const which of SIDES) {
      const p = f[which][i];
      const [hip, knee, ankle, heel, toe] = [0, 1, 2, 3, 4].map((k) => (p[2 * k] === null ? null : [p[2 * k], p[2 * k + 1]]));
      for (const points of [[hip, knee, ankle], [ankle, heel, toe, ankle]]) {
        if (points.every(Boolean)) svg("path", { class: `leg ${which}`, "stroke-width": Math.max(2, f.height / 180) / closer,
          d: `M${points.map((point) => point.join(" ")).join("L")}` }, figure);
      }
      if (ankle) ankles.push(ankle);
      if (toe) {
        const size = f.height / 26 / closer;
        svg("text", { class: `letter ${which}`, x: toe[0], y: toe[1] + size, "font-size": size, "stroke-width": size / 6 },
          figure, which === "left" ? "L" : "R");
      }
    }
    if (!feet || !ankles.length) return;
    const mean = (k) => ankles.reduce((sum, point) => sum + point[k], 0) / ankles.length;
    const shift = (value, size) => 100 * Math.min(0, Math.max(1 - ZOOM, 0.5 - (ZOOM * value) / size));
    inner.style.transform = `translate(${shift(mean(0), f.width)}%, ${shift(mean(1), f.height)}%) scale(${ZOOM})`;
  }
  return made;
}
