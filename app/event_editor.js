// The gait events of a walk on a timeline, the video beside it. The browser draws and proposes changes; Python
// carries them out or refuses them, and answers with the events as they stand then.
const NS = "http://www.w3.org/2000/svg";
const LABEL = 62, RIGHT = 14, TOP = 26, MARKS = 38, FORWARD = 70, HEIGHT = 42, GAP = 14, AXIS = 24;
const LANE = MARKS + FORWARD + HEIGHT, TALL = TOP + 2 * LANE + GAP + AXIS;
const SIDES = ["left", "right"], KINDS = ["initial_contact", "foot_off"];
const NAMES = { initial_contact: "contact", foot_off: "foot off" };
const CYCLE = ["right initial_contact", "left foot_off", "left initial_contact", "right foot_off"];
const LEAST_PX_PER_S = 110, MOST_PX_PER_S = 900, NEAR_PX = 14, REST_MS = 450, PATIENCE_MS = 8000, ZOOM = 2.6;

const upper = (text) => text[0].toUpperCase() + text.slice(1);
const named = (event) => `${upper(event.side)} ${NAMES[event.kind]}`;
const same = (a, b) => a && b && a.side === b.side && a.kind === b.kind && Math.abs(a.t - b.t) < 5e-4;
const nearest = (values, wanted, of = (value) => value) => {
  let best = -1;
  values.forEach((value, i) => {
    if (best < 0 || Math.abs(of(value) - wanted) < Math.abs(of(values[best]) - wanted)) best = i;
  });
  return best;
};

function svg(name, attributes, parent, text) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent?.appendChild(node);
  return node;
}

function html(name, attributes, parent, text) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent?.appendChild(node);
  return node;
}

// Streamlit calls this again whenever the data change; what the user has chosen lives on with the element.
export default function (component) {
  const { parentElement } = component;
  parentElement.gaitEvents ??= build(parentElement);
  parentElement.gaitEvents.update(component);
}

function build(parent) {
  const now = { t: 0, picked: null, pending: null, drag: null, adding: false, lane: "left", scale: 0, feet: false };
  let data = null, send = () => {}, count = 0, waiting = 0, rest = 0, patience = 0;

  // ---------------------------------------------------------------- the parts
  const root = html("div", { class: "editor" }, parent);
  const above = html("div", { class: "above" }, root);
  const stage = html("div", { class: "stage" }, above);
  const inner = html("div", { class: "inner" }, stage);
  const video = html("video", { playsinline: "", preload: "auto", "aria-label": "Video of the walk" }, inner);
  video.muted = true;
  const figure = svg("svg", { class: "figure", "aria-hidden": "true" }, inner);
  const clock = html("div", { class: "clock" }, stage);
  const side = html("div", { class: "panel" }, above);
  const problem = html("div", { class: "problem", role: "alert" }, side);
  const title = html("div", { class: "title" }, side);
  const more = html("div", { class: "more" }, side);
  const own = html("div", { class: "buttons" }, side);
  const form = html("form", { class: "adding", "aria-label": "New event" }, side);
  const general = html("div", { class: "buttons" }, side);
  const tools = html("div", { class: "buttons tools" }, side);
  const spoken = html("div", { class: "spoken", "aria-live": "polite" }, root);
  const scroll = html("div", { class: "scroll", tabindex: "-1" }, root);
  const room = html("div", { class: "room" }, scroll);
  const line = svg("svg", {
    class: "line", tabindex: "0", role: "application", "aria-roledescription": "timeline",
    "aria-label": "Timeline of the gait events of both feet", "aria-describedby": "gait-keys", height: TALL,
  }, room);
  const legend = html("div", { class: "legend" }, root);
  const keys = html("p", { class: "keys", id: "gait-keys" }, root);
  const button = (place, text, action, label) => {
    const made = html("button", { type: "button", ...(label ? { "aria-label": label } : {}) }, place, text);
    made.addEventListener("click", action);
    return made;
  };
  const earlier = button(own, "◀ 1 frame", () => nudge(-data.frame), "Move the event one frame earlier");
  const later = button(own, "1 frame ▶", () => nudge(data.frame), "Move the event one frame later");
  const remove = button(own, "Delete", () => erase(), "Delete the event");
  const add = button(general, "Add an event", () => propose());
  const undo = button(general, "Undo", () => takeBack());
  const reset = button(general, "Reset all", () => resetAll());
  const play = button(tools, "Play", () => (video.paused ? video.play() : video.pause()));
  const slow = button(tools, "Slow", () => pace());
  const close = button(tools, "Zoom to the feet", () => { now.feet = !now.feet; mark(close, now.feet); frame(); });
  const wider = button(tools, "−", () => zoom(1 / 1.4), "Show more of the timeline");
  const finer = button(tools, "+", () => zoom(1.4), "Stretch the timeline");
  const mark = (node, on) => node.setAttribute("aria-pressed", String(on));
  mark(slow, false); mark(close, false);
  explain(legend, keys);

  // ---------------------------------------------------------------- what stands where
  const end = () => data.end;
  const width = () => Math.max(320, scroll.clientWidth);
  const fit = () => (width() - LABEL - RIGHT) / Math.max(0.5, end() - data.start);
  const perS = () => Math.max(now.scale || Math.max(fit(), LEAST_PX_PER_S), fit());
  const x = (t) => LABEL + (t - data.start) * perS() - scroll.scrollLeft;
  const at = (pixel) => Math.min(end(), Math.max(data.start, data.start + (pixel - LABEL + scroll.scrollLeft) / perS()));
  const top = (which) => TOP + (which === "left" ? 0 : LANE + GAP);
  const events = () => data.events.map((event) =>
    now.pending && same(event, now.pending.from) ? { ...event, t: now.pending.t, moved: true } : event);
  const picked = () => events().find((event) => same(event, now.picked)) ?? null;

  // ---------------------------------------------------------------- drawing
  function draw() {
    if (!data) return;
    room.style.width = `${LABEL + RIGHT + (end() - data.start) * perS()}px`;
    line.setAttribute("width", width());
    line.replaceChildren();
    const from = at(LABEL - 20), to = at(width() + 20);
    hatching(line);
    for (const piece of data.passes) pass(piece);
    for (const which of SIDES) {
      svg("rect", { class: "frame", x: LABEL, y: top(which), width: width() - LABEL, height: LANE }, line);
      for (const piece of data.rejections) if (piece.side === which) rejection(piece);
      curves(which, from, to);
    }
    axis(from, to);
    data.ghosts.forEach(ghost);
    events().forEach(event);
    svg("rect", { class: "cover", x: 0, y: 0, width: LABEL - 1, height: TALL }, line);
    for (const which of SIDES) {
      const y = top(which);
      svg("text", { class: "lane", x: 2, y: y + 16 }, line, upper(which));
      svg("text", { class: "lane", x: 2, y: y + 32 }, line, "foot");
      svg("text", { class: "small", x: 2, y: y + MARKS + FORWARD / 2 }, line, "forward");
      svg("text", { class: "small", x: 2, y: y + MARKS + FORWARD + HEIGHT / 2 + 6 }, line, "height");
    }
    svg("path", { class: "head", d: "" }, line);
    head();
  }

  function hatching(parent) {
    const pattern = svg("pattern", { id: "gait-hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse",
      patternTransform: "rotate(45)" }, svg("defs", {}, parent));
    svg("rect", { width: 8, height: 8, class: "hatchback" }, pattern);
    svg("rect", { width: 2.2, height: 8, class: "hatch" }, pattern);
  }

  function pass(piece) {
    const wide = Math.max(2, x(piece.end) - x(piece.start));
    const part = svg("g", {}, line);
    svg("rect", { class: piece.used ? "pass" : "pass unused", x: x(piece.start), y: TOP, width: wide,
      height: 2 * LANE + GAP }, part);
    svg("text", { class: "small", x: Math.max(LABEL + 4, x(piece.start) + 4), y: 16 }, part, piece.label);
    svg("title", {}, part, piece.label);
  }

  function rejection(piece) {
    const part = svg("g", { role: "img", "aria-label": `Left out: ${piece.reason}` }, line);
    svg("rect", { class: "rejected", x: x(piece.start), y: top(piece.side) + MARKS,
      width: Math.max(3, x(piece.end) - x(piece.start)), height: LANE - MARKS }, part);
    svg("title", {}, part, `Left out: ${piece.reason}`);
  }

  function curves(which, from, to) {
    const c = data.curves;
    if (!c) {
      svg("text", { class: "small", x: LABEL + 10, y: top(which) + MARKS + 34 }, line, "No curves: the landmarks are gone.");
      return;
    }
    const first = Math.max(0, Math.floor((from - c.start) / c.step) - 1);
    const last = Math.min(c[which].heel_forward.length, Math.ceil((to - c.start) / c.step) + 2);
    for (const [name, low, tall] of [["forward", MARKS, FORWARD], ["height", MARKS + FORWARD, HEIGHT]]) {
      const [least, most] = c.range[name];
      const y = (value) => top(which) + low + 5 + (1 - (value - least) / (most - least || 1)) * (tall - 10);
      for (const part of ["toe", "heel"]) {
        const values = c[which][`${part}_${name}`];
        let path = "", pen = false;
        for (let i = first; i < last; i += 1) {
          if (values[i] === null) { pen = false; continue; }
          path += `${pen ? "L" : "M"}${x(c.start + i * c.step).toFixed(1)} ${y(values[i]).toFixed(1)}`;
          pen = true;
        }
        svg("path", { class: `curve ${part}`, d: path }, line);
        const kind = part === "heel" ? "initial_contact" : "foot_off";
        for (const event of events()) {
          if (event.side !== which || event.kind !== kind) continue;
          const value = values[Math.round((event.t - c.start) / c.step)];
          if (value !== null && value !== undefined) {
            svg("circle", { class: `dot ${part}`, cx: x(event.t), cy: y(value), r: 4 }, line);
          }
        }
      }
    }
  }

  function axis(from, to) {
    const y = TOP + 2 * LANE + GAP;
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].find((value) => value * perS() > 62) ?? 30;
    for (let i = Math.ceil(from / step); i * step <= to; i += 1) {
      const t = i * step;
      svg("line", { class: "tick", x1: x(t), x2: x(t), y1: TOP, y2: y + 4 }, line);
      svg("text", { class: "small middle", x: x(t), y: y + 17 }, line, `${t.toFixed(step < 1 ? 1 : 0)} s`);
    }
  }

  function shape(kind, cx, cy) {
    return kind === "initial_contact"
      ? `M${cx - 8} ${cy - 7}L${cx + 8} ${cy - 7}L${cx} ${cy + 8}Z`
      : `M${cx - 8} ${cy + 7}L${cx + 8} ${cy + 7}L${cx} ${cy - 8}Z`;
  }

  function ghost(event) {
    const part = svg("g", { class: "ghost" }, line);
    const y = top(event.side);
    svg("line", { x1: x(event.t), x2: x(event.t), y1: y + 18, y2: y + LANE }, part);
    svg("path", { d: shape(event.kind, x(event.t), y + 11) }, part);
    svg("title", {}, part, `${named(event)} was found at ${event.t.toFixed(3)} s, before it was changed by hand`);
  }

  function event(it, i) {
    const chosen = same(it, now.picked) || (now.pending && it.moved);
    const manual = it.source === "manual" || it.moved;
    const part = svg("g", {
      id: `gait-event-${i}`, role: "img", "aria-label": sentence(it),
      class: ["mark", it.kind, chosen ? "chosen" : "", manual ? "manual" : ""].join(" "),
    }, line);
    const y = top(it.side), cx = x(it.t);
    svg("line", { class: "stem", x1: cx, x2: cx, y1: y + 20, y2: y + LANE }, part);
    if (chosen) svg("rect", { class: "ring", x: cx - 13, y: y - 2, width: 26, height: 27, rx: 6 }, part);
    svg("path", { class: "shape", d: shape(it.kind, cx, y + 11) }, part);
    if (manual) svg("path", { class: "byhand", d: `M${cx - 9} ${y + 22.5}L${cx + 9} ${y + 22.5}` }, part);
    const text = perS() < 90 ? { initial_contact: "C", foot_off: "O" }[it.kind]
      : { initial_contact: "contact", foot_off: "off" }[it.kind];
    svg("text", { class: "small middle", x: cx, y: y + 35 }, part, text);
    svg("title", {}, part, sentence(it));
  }

  function sentence(it) {
    const how = it.moved ? "being moved" : it.source === "manual" ? "set by hand"
      : `found automatically, confidence ${it.confidence.toFixed(2)}`;
    return `${named(it)} at ${it.t.toFixed(3)} s, ${how}`;
  }

  function head() {
    const path = line.querySelector(".head");
    const place = x(now.t);
    if (path) path.setAttribute("d", place < LABEL - 1 ? "" : `M${place} ${TOP - 4}V${TOP + 2 * LANE + GAP + 4}`);
    const i = data.frames.length ? nearestFrame(now.t) : -1;
    clock.textContent = `${now.t.toFixed(3)} s${i >= 0 ? ` · frame ${i + 1} of ${data.frames.length}` : ""}`;
  }

  // ---------------------------------------------------------------- video and figure
  function nearestFrame(t) {
    let low = 0, high = data.frames.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (data.frames[middle] <= t) low = middle; else high = middle;
    }
    return t - data.frames[low] <= data.frames[high] - t ? low : high;
  }

  // Half a frame is added: a time stamp met exactly may show the frame before it.
  let wanted = null;
  function seek() {
    if (!data.video.url || !video.paused) return;
    const i = nearestFrame(now.t);
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
  video.addEventListener("seeked", follow);
  video.addEventListener("loadedmetadata", () => {
    if (video.videoWidth === 0) unplayable(); else { wanted ??= 0; seek(); frame(); }
  });
  video.addEventListener("error", () => { if (video.getAttribute("src")) unplayable(); });
  video.addEventListener("play", () => { play.textContent = "Pause"; tick(); });
  video.addEventListener("pause", () => { play.textContent = "Play"; seek(); });
  function unplayable() {
    root.classList.add("unplayable");
    stage.dataset.note = data.video.broken;
    stage.setAttribute("role", "note");
    stage.setAttribute("aria-label", data.video.broken);
    play.disabled = slow.disabled = true;
  }
  function tick() {
    if (video.paused || !root.isConnected) return;
    place(Math.min(end(), video.currentTime * data.video.scale), { quiet: true });
    requestAnimationFrame(tick);
  }
  function pace() {
    video.playbackRate = video.playbackRate < 1 ? 1 : 0.25;
    mark(slow, video.playbackRate < 1);
  }

  function frame() {
    const f = data.figure;
    figure.replaceChildren();
    inner.style.transform = "";
    if (!f || !data.frames.length) return;
    figure.setAttribute("viewBox", `0 0 ${f.width} ${f.height}`);
    stage.style.aspectRatio = `${f.width} / ${f.height}`;
    stage.style.maxWidth = `${Math.round((330 * f.width) / f.height)}px`;
    const i = nearestFrame(now.t);
    const stroke = Math.max(2, f.height / 180) / (now.feet ? ZOOM / 1.4 : 1);
    const ankles = [];
    for (const which of SIDES) {
      const p = f[which][i];
      if (!p) continue;
      const dot = (k) => (p[2 * k] === null ? null : [p[2 * k], p[2 * k + 1]]);
      const [hip, knee, ankle, heel, toe] = [0, 1, 2, 3, 4].map(dot);
      const path = (points) => points.every(Boolean) && svg("path", { class: `leg ${which}`, "stroke-width": stroke,
        d: `M${points.map((point) => point.join(" ")).join("L")}` }, figure);
      path([hip, knee, ankle]);
      path([ankle, heel, toe, ankle]);
      if (ankle) ankles.push(ankle);
      if (toe) {
        const size = f.height / 26 / (now.feet ? ZOOM / 1.4 : 1);
        svg("text", { class: `letter ${which}`, x: toe[0], y: toe[1] + size, "font-size": size,
          "stroke-width": size / 6 }, figure, which === "left" ? "L" : "R");
      }
    }
    if (now.feet && ankles.length) {
      const middle = ankles.reduce((sum, point) => [sum[0] + point[0] / ankles.length, sum[1] + point[1] / ankles.length], [0, 0]);
      const shift = (value, size) => Math.min(0, Math.max(1 - ZOOM, 0.5 - (ZOOM * value) / size)) * 100;
      inner.style.transform = `translate(${shift(middle[0], f.width)}%, ${shift(middle[1], f.height)}%) scale(${ZOOM})`;
    }
  }

  // ---------------------------------------------------------------- cursor and choice
  function place(t, { quiet = false, show = true } = {}) {
    now.t = Math.min(end(), Math.max(data.start, t));
    const at = x(now.t);
    if (show && (at < LABEL + 20 || at > width() - 30)) {
      scroll.scrollLeft += at - (LABEL + width()) / 2;
      draw();
    } else head();
    if (!quiet) seek();
    frame();
    if (!quiet) describe();
  }

  function pick(event, { speak = true } = {}) {
    commit();
    now.picked = event ? { side: event.side, kind: event.kind, t: event.t } : null;
    if (event) { now.lane = event.side; video.pause(); place(event.t); }
    draw(); describe();
    line.removeAttribute("aria-activedescendant");
    if (event) {
      line.setAttribute("aria-activedescendant", `gait-event-${events().findIndex((other) => same(other, now.picked))}`);
      if (speak) spoken.textContent = sentence(event);
    }
  }

  function neighbour(step) {
    const ordered = events(), here = ordered.findIndex((event) => same(event, now.picked));
    if (here >= 0) return ordered[here + step];
    return step > 0 ? ordered.find((event) => event.t > now.t - 1e-6) : ordered.findLast((event) => event.t < now.t + 1e-6);
  }

  function describe() {
    const event = picked();
    const shift = now.pending && now.pending.t - now.pending.from.t;
    title.textContent = event ? `${named(event)}, ${event.t.toFixed(3)} s` : "No event is chosen";
    const left = data.rejections.filter((piece) => piece.start <= now.t && now.t <= piece.end).map((piece) => piece.reason);
    const first = shift ? `${shift > 0 ? "+" : "−"}${Math.abs(1000 * shift).toFixed(0)} ms, not stored yet`
      : event ? (event.source === "manual" ? "Set by hand." : `Found automatically, confidence ${event.confidence.toFixed(2)}.`)
        : data.editable ? "Click a mark, or press Page Down in the timeline." : data.locked;
    more.textContent = left.length ? `${first} Left out here: ${[...new Set(left)].join(" ")}` : first;
    own.hidden = !event;
    for (const node of [earlier, later, remove, add]) node.disabled = !data.editable;
    undo.disabled = !data.editable || !(data.edits || now.pending);
    reset.disabled = !data.editable || !data.edits;
    undo.setAttribute("aria-label", "Undo the last change");
    problem.textContent = data.refusal || "";
    problem.hidden = !data.refusal;
    form.hidden = !now.adding;
    general.hidden = now.adding;
  }

  // ---------------------------------------------------------------- changes
  function tell(change) {
    count += 1;
    waiting = count;
    root.setAttribute("aria-busy", "true");
    clearTimeout(patience);
    patience = setTimeout(() => { waiting = 0; root.removeAttribute("aria-busy"); }, PATIENCE_MS);
    send({ ...change, number: count, walk: data.walk });
  }

  function shiftTo(t) {
    const event = picked() ?? null;
    if (!event || !data.editable) return;
    const from = now.pending?.from ?? { side: event.side, kind: event.kind, t: event.t };
    now.pending = { from, t: Math.min(end(), Math.max(data.start, t)) };
    now.picked = { ...from, t: now.pending.t };
    video.pause();
    place(now.pending.t);
    draw();
    clearTimeout(rest);
  }

  function nudge(by) {
    const event = picked();
    if (!event) return;
    shiftTo(event.t + by);
    spoken.textContent = `${named(event)}, ${now.t.toFixed(3)} s`;
    rest = setTimeout(commit, REST_MS);
  }

  // A run of key strokes is one change; the next one waits until Python has answered.
  function commit() {
    clearTimeout(rest);
    if (!now.pending || now.drag) return;
    if (waiting) { rest = setTimeout(commit, 60); return; }
    const { from, t } = now.pending;
    now.pending = null;
    if (Math.abs(t - from.t) < 5e-4) { now.picked = from; draw(); describe(); return; }
    data.events = data.events.map((event) => (same(event, from) ? { ...event, t, source: "manual" } : event))
      .sort((a, b) => a.t - b.t);
    tell({ action: "move", side: from.side, kind: from.kind, time_s: from.t, new_time_s: t });
  }

  function erase() {
    const event = picked();
    if (!event || !data.editable || waiting) return;
    now.pending = null;
    now.picked = null;
    tell({ action: "delete", side: event.side, kind: event.kind, time_s: event.t });
    spoken.textContent = `${named(event)} deleted`;
    line.focus();
  }

  function takeBack() {
    if (now.pending) { now.picked = now.pending.from; now.pending = null; clearTimeout(rest); draw(); describe(); return; }
    if (!data.edits || waiting || !data.editable) return;
    tell({ action: "undo" });
    spoken.textContent = "The last change is undone";
  }

  let sure = 0;
  function resetAll() {
    if (!sure) {
      reset.textContent = `Drop ${data.edits === 1 ? "the change" : `all ${data.edits} changes`}?`;
      sure = setTimeout(calm, 5000);
      return;
    }
    calm();
    now.pending = null;
    tell({ action: "reset" });
  }
  function calm() { clearTimeout(sure); sure = 0; reset.textContent = "Reset all"; }

  // What should come next after the event before the cursor is offered first.
  function propose(which) {
    if (!data.editable) return;
    video.pause();
    const before = events().findLast((event) => event.t <= now.t);
    let [sideName, kind] = before ? CYCLE[(CYCLE.indexOf(`${before.side} ${before.kind}`) + 1) % 4].split(" ") : [now.lane, KINDS[0]];
    if (which && which !== sideName) {
      sideName = which;
      kind = before?.side === which && before.kind === "initial_contact" ? "foot_off" : "initial_contact";
    }
    now.adding = true;
    form.replaceChildren();
    html("div", { class: "title" }, form, `New event at ${now.t.toFixed(3)} s`);
    choice("Foot", "side", SIDES, sideName, upper);
    choice("What", "kind", KINDS, kind, (name) => upper(NAMES[name]));
    const place = html("div", { class: "buttons" }, form);
    html("button", { type: "submit", class: "main" }, place, "Add");
    button(place, "Cancel", leave);
    describe();
    form.querySelector("input:checked").focus();
  }
  function choice(label, name, values, chosen, words) {
    const group = html("fieldset", {}, form);
    html("legend", {}, group, label);
    for (const value of values) {
      const item = html("label", {}, group);
      const input = html("input", { type: "radio", name, value }, item);
      input.checked = value === chosen;
      item.append(` ${words(value)}`);
    }
  }
  function leave() { now.adding = false; describe(); line.focus(); }
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    if (waiting) return;
    const chosen = { side: form.querySelector("[name=side]:checked").value, kind: form.querySelector("[name=kind]:checked").value };
    now.picked = { ...chosen, t: now.t };
    tell({ action: "add", ...chosen, time_s: now.t });
    spoken.textContent = `${named(chosen)} added at ${now.t.toFixed(3)} s`;
    leave();
  });

  // ---------------------------------------------------------------- pointer
  const laneAt = (y) => (y < top("right") - GAP / 2 ? "left" : "right");
  function spot(pointer) {
    const box = line.getBoundingClientRect();
    return { x: pointer.clientX - box.left, y: pointer.clientY - box.top };
  }
  function under({ x: px, y: py }) {
    const close = events().filter((event) => event.side === laneAt(py) && Math.abs(x(event.t) - px) <= NEAR_PX);
    return close[nearest(close, px, (event) => x(event.t))] ?? null;
  }
  line.addEventListener("pointerdown", (pointer) => {
    if (pointer.button !== 0) return;
    line.focus();
    const here = spot(pointer), event = here.y >= TOP && here.y < TOP + 2 * LANE + GAP ? under(here) : null;
    now.lane = laneAt(here.y);
    pick(event);
    if (!event) place(at(here.x), { show: false });
    now.drag = { x: here.x, event: event && data.editable ? event : null, moved: false };
    line.setPointerCapture(pointer.pointerId);
  });
  line.addEventListener("pointermove", (pointer) => {
    const here = spot(pointer);
    if (!now.drag) { line.classList.toggle("over", Boolean(under(here))); return; }
    if (!now.drag.moved && Math.abs(here.x - now.drag.x) < 3) return;
    now.drag.moved = true;
    if (now.drag.event) shiftTo(now.drag.event.t + (here.x - now.drag.x) / perS());
    else place(at(here.x), { show: false });
  });
  const drop = () => { const moved = now.drag?.event && now.drag.moved; now.drag = null; if (moved) commit(); };
  line.addEventListener("pointerup", drop);
  line.addEventListener("pointercancel", drop);
  line.addEventListener("dblclick", (pointer) => {
    const here = spot(pointer);
    if (under(here)) return;
    place(at(here.x), { show: false });
    propose(laneAt(here.y));
  });

  // ---------------------------------------------------------------- keys
  line.addEventListener("keydown", (key) => {
    const control = key.ctrlKey || key.metaKey;
    if (key.key === "Tab" || (control && key.key.toLowerCase() !== "z") || key.altKey) return;
    key.stopPropagation();
    const way = { ArrowLeft: -1, ArrowRight: 1 }[key.key];
    if (control) takeBack();
    else if (way && picked()) nudge(way * (key.shiftKey ? 0.01 : data.frame));
    else if (way) place(key.shiftKey || !data.frames.length ? now.t + way * 0.01
      : data.frames[Math.min(data.frames.length - 1, Math.max(0, nearestFrame(now.t) + way))]);
    else if (key.key === "PageDown" || key.key === "PageUp") {
      const next = neighbour(key.key === "PageDown" ? 1 : -1);
      if (next) pick(next);
    } else if (key.key === "ArrowUp" || key.key === "ArrowDown") {
      const lane = events().filter((event) => event.side === (key.key === "ArrowUp" ? "left" : "right"));
      if (lane.length) pick(lane[nearest(lane, now.t, (event) => event.t)]);
    } else if (key.key === "Delete" || key.key === "Backspace") erase();
    else if (key.key === "n" || key.key === "N") propose();
    else if (key.key === "Enter") commit();
    else if (key.key === "Escape") { if (now.pending) { now.drag = null; takeBack(); } else pick(null); }
    else if (key.key === "Home") { pick(null); place(data.start); }
    else if (key.key === "End") { pick(null); place(end()); }
    else if (key.key === " ") { if (!play.disabled) play.click(); }
    else if (key.key === "+" || key.key === "=") zoom(1.4);
    else if (key.key === "-") zoom(1 / 1.4);
    else return;
    key.preventDefault();
  });
  root.addEventListener("keydown", (key) => {
    if ((key.ctrlKey || key.metaKey) && key.key.toLowerCase() === "z") { key.preventDefault(); key.stopPropagation(); takeBack(); }
    if (key.key === "Escape" && now.adding) { key.stopPropagation(); leave(); }
  });
  line.addEventListener("blur", commit);

  function zoom(by) {
    const middle = Math.min(Math.max(x(now.t), LABEL), width());
    now.scale = Math.min(MOST_PX_PER_S, Math.max(fit(), 40, perS() * by));
    room.style.width = `${LABEL + RIGHT + (end() - data.start) * perS()}px`;
    scroll.scrollLeft = LABEL + (now.t - data.start) * perS() - middle;
    draw();
  }
  scroll.addEventListener("scroll", draw);
  new ResizeObserver(draw).observe(scroll);

  // ---------------------------------------------------------------- what Python says
  function update({ data: given, setTriggerValue }) {
    send = (change) => setTriggerValue("change", change);
    const other = data?.walk !== given.walk, answered = given.answer >= waiting || other;
    data = { ...given, events: [...given.events] };
    if (other) {
      Object.assign(now, { t: data.events[0]?.t ?? data.start, picked: null, pending: null, adding: false });
      count = Math.max(count, data.answer);
      waiting = 0;
    }
    if (answered) {
      waiting = 0;
      clearTimeout(patience);
      root.removeAttribute("aria-busy");
      if (data.refusal && !now.pending && now.picked && !picked()) now.picked = data.tried ?? null;
      if (!now.pending && !picked()) now.picked = null;
    }
    calm();
    if ((video.getAttribute("src") ?? "") !== data.video.url) {
      root.classList.remove("unplayable");
      if (data.video.url) video.setAttribute("src", data.video.url); else video.removeAttribute("src");
    }
    if (!data.video.url) unplayable();
    draw(); frame(); describe();
    if (other) seek();
  }
  return { update };
}

function explain(legend, keys) {
  const item = (text, make) => {
    const part = html("span", {}, legend);
    make(svg("svg", { width: 26, height: 18, "aria-hidden": "true" }, part));
    part.append(text);
  };
  item("contact", (s) => svg("path", { class: "shape initial_contact", d: "M5 2L21 2L13 17Z" }, s));
  item("foot off", (s) => svg("path", { class: "shape foot_off", d: "M5 16L21 16L13 1Z" }, s));
  item("set by hand", (s) => {
    svg("path", { class: "shape initial_contact", d: "M6 0L20 0L13 12Z" }, s);
    svg("path", { class: "byhand", d: "M4 15.5L22 15.5" }, s);
  });
  item("where it was found", (s) => svg("path", { class: "was", d: "M5 2L21 2L13 17Z" }, s));
  item("left out", (s) => {
    for (const i of [-8, 0, 8, 16, 24]) svg("path", { class: "slash", d: `M${i} 18L${i + 14} 0` }, s);
  });
  item("pass", (s) => svg("rect", { class: "pass", width: 26, height: 18 }, s));
  item("heel", (s) => svg("path", { class: "curve heel", d: "M1 12Q10 -4 25 10" }, s));
  item("toe", (s) => svg("path", { class: "curve toe", d: "M1 6Q14 20 25 6" }, s));
  const key = (name) => html("kbd", {}, keys, name);
  const say = (text) => keys.append(text);
  say("In the timeline: "); key("Page Down"); say(" / "); key("Page Up"); say(" next or earlier event, ");
  key("↑"); say(" / "); key("↓"); say(" left or right foot, "); key("←"); say(" / "); key("→");
  say(" move by one frame, with "); key("Shift"); say(" by 10 ms, "); key("N"); say(" add, "); key("Delete");
  say(" delete, "); key("Ctrl+Z"); say(" undo, "); key("Esc"); say(" let go, "); key("Space"); say(" play. ");
  say("With the mouse: drag a mark, double click to add.");
}
