// The gait events of a walk on a timeline, the video beside it. The browser draws and proposes changes; Python
// carries them out or refuses them, and answers with the events as they stand then.
const CYCLE = ["right initial_contact", "left foot_off", "left initial_contact", "right foot_off"];
const LEAST_PX_PER_S = 110, MOST_PX_PER_S = 900, NEAR_PX = 14, REST_MS = 350, PATIENCE_MS = 8000;

// Streamlit calls this again whenever the data change; what the user has chosen lives on with the element.
export default function (component) {
  const { parentElement } = component;
  parentElement.gaitEvents ??= build(parentElement);
  parentElement.gaitEvents.update(component);
}

function build(parent) {
  const now = { t: 0, picked: null, pending: null, drag: null, adding: false, lane: "left", scale: 0, feet: false };
  let data = null, send = () => {}, count = 0, waiting = 0, tried = null, rest = 0, patience = 0, sure = 0;
  let heard = 0, clicked = { at: -Infinity, x: 0 };

  // ---------------------------------------------------------------- the parts
  const root = html("div", { class: "editor" }, parent);
  const above = html("div", { class: "above" }, root);
  const stage = makeStage(above, (t) => place(t, { playing: true }));
  const panel = html("div", { class: "panel" }, above);
  const title = html("div", { class: "title" }, panel);
  const more = html("div", { class: "more" }, panel);
  const problem = html("div", { class: "problem", role: "alert" }, panel);
  const own = html("div", { class: "buttons" }, panel);
  const form = html("form", { class: "adding", "aria-label": "New event" }, panel);
  const general = html("div", { class: "buttons" }, panel);
  const tools = html("div", { class: "buttons tools" }, panel);
  const spoken = html("div", { class: "spoken", "aria-live": "polite" }, root);
  const numbers = html("div", { class: "numbers", role: "status", "aria-label": "Numbers that follow from the events" }, root);
  const strip = html("div", { class: "strip" }, root);
  const scroll = html("div", { class: "scroll", tabindex: "-1" }, strip);
  const room = html("div", { class: "room" }, scroll);
  const line = svg("svg", {
    class: "line", tabindex: "0", role: "application", "aria-roledescription": "timeline",
    "aria-label": "Timeline of the gait events of both feet", "aria-describedby": "gait-keys", height: TALL,
  }, room);
  explain(html("div", { class: "legend" }, root), html("p", { class: "keys", id: "gait-keys" }, root));
  const button = (where, text, action, label) => {
    const made = html("button", { type: "button", ...(label ? { "aria-label": label } : {}) }, where, text);
    made.addEventListener("click", action);
    return made;
  };
  const earlier = button(own, "◀ 1 frame", () => nudge(-data.frame), "Move the event one frame earlier");
  const later = button(own, "1 frame ▶", () => nudge(data.frame), "Move the event one frame later");
  const remove = button(own, "Delete", () => erase(), "Delete the event");
  const add = button(general, "Add an event", () => propose());
  const undo = button(general, "Undo", () => takeBack(), "Undo the last change");
  const reset = button(general, "Reset all", () => resetAll());
  const play = button(tools, "Play", () => (stage.video.paused ? stage.video.play() : stage.video.pause()));
  const slow = button(tools, "Slow", () => {
    stage.video.playbackRate = stage.video.playbackRate < 1 ? 1 : 0.25;
    press(slow, stage.video.playbackRate < 1);
  });
  const feet = button(tools, "Zoom to the feet", () => { now.feet = !now.feet; press(feet, now.feet); stage.zoom(now.feet); });
  const scale = html("div", { class: "scale" }, strip);
  button(scale, "−", () => zoom(1 / 1.4), "Show more of the timeline");
  button(scale, "+", () => zoom(1.4), "Stretch the timeline");
  const press = (node, on) => node.setAttribute("aria-pressed", String(on));
  press(slow, false);
  press(feet, false);
  stage.changed = () => {
    play.disabled = slow.disabled = !stage.playable;
    play.textContent = stage.video.paused ? "Play" : "Pause";
  };

  // ---------------------------------------------------------------- what stands where
  const width = () => Math.max(320, scroll.clientWidth);
  const fit = () => (width() - LABEL - RIGHT) / Math.max(0.5, data.end - data.start);
  const perS = () => Math.max(now.scale || LEAST_PX_PER_S, fit());
  const within = (t) => Math.min(data.end, Math.max(data.start, t));
  const x = (t) => LABEL + (t - data.start) * perS() - scroll.scrollLeft;
  const at = (pixel) => within(data.start + (pixel - LABEL + scroll.scrollLeft) / perS());
  const events = () => data.events.map((event) =>
    now.pending && same(event, now.pending.from) ? { ...event, t: now.pending.t, moved: true } : event);
  const picked = () => events().find((event) => same(event, now.picked)) ?? null;

  function draw() {
    if (!data) return;
    room.style.width = `${LABEL + RIGHT + (data.end - data.start) * perS()}px`;
    drawTimeline(line, { data, events: events(), chosen: now.picked, x, from: at(LABEL - 20), to: at(width() + 20),
      perS: perS(), width: width() });
    head();
  }
  function head() {
    const where = x(now.t);
    line.querySelector(".head")?.setAttribute("d", where < LABEL - 1 ? "" : `M${where} ${TOP - 4}V${TOP + 2 * LANE + GAP + 4}`);
  }

  // ---------------------------------------------------------------- cursor and choice
  function place(t, { playing = false, still = false } = {}) {
    now.t = within(t);
    const where = x(now.t);
    if (!still && (where < LABEL + 20 || where > width() - 30)) {
      scroll.scrollLeft += where - (LABEL + width()) / 2;
      draw();
    } else head();
    stage.show(now.t);
    if (!playing) describe();
  }

  function pick(event) {
    commit();
    data.refusal = "";
    now.picked = event ? { side: event.side, kind: event.kind, t: event.t } : null;
    line.removeAttribute("aria-activedescendant");
    if (event) {
      now.lane = event.side;
      stage.video.pause();
      place(event.t);
      spoken.textContent = sentence(event);
      line.setAttribute("aria-activedescendant", `gait-event-${events().findIndex((other) => same(other, now.picked))}`);
    }
    draw();
    describe();
  }

  function neighbour(step) {
    const ordered = events(), here = ordered.findIndex((event) => same(event, now.picked));
    if (here >= 0) return ordered[here + step];
    return step > 0 ? ordered.find((event) => event.t > now.t - 1e-6) : ordered.findLast((event) => event.t < now.t + 1e-6);
  }

  function describe() {
    const event = picked();
    title.textContent = event ? `${named(event)}, ${event.t.toFixed(3)} s` : "No event is chosen";
    const out = data.rejections.filter((piece) => piece.start <= now.t && now.t <= piece.end).map((piece) => piece.reason);
    more.textContent = standing(event) + (out.length ? ` Left out here: ${[...new Set(out)].join(" ")}` : "");
    problem.textContent = data.refusal;
    problem.hidden = !data.refusal;
    title.hidden = now.adding;
    more.hidden = now.adding || Boolean(data.refusal);
    own.hidden = !event || now.adding;
    form.hidden = !now.adding;
    general.hidden = now.adding;
    for (const node of [earlier, later, remove, add]) node.disabled = !data.editable;
    undo.disabled = !data.editable || !(data.edits || now.pending);
    reset.disabled = !data.editable || !data.edits;
  }
  function standing(event) {
    if (now.pending) return `${now.pending.t > now.pending.from.t ? "+" : "−"}${
      Math.abs(1000 * (now.pending.t - now.pending.from.t)).toFixed(0)} ms`;
    if (event) return event.source === "manual" ? "Set by hand."
      : `Found automatically, confidence ${event.confidence.toFixed(2)}.`;
    return data.editable ? "Click a mark, or press Page Down in the timeline." : data.locked;
  }

  // ---------------------------------------------------------------- changes
  function tell(change, about) {
    count += 1;
    waiting = count;
    tried = about ?? null;
    root.setAttribute("aria-busy", "true");
    clearTimeout(patience);
    patience = setTimeout(() => { waiting = 0; root.removeAttribute("aria-busy"); }, PATIENCE_MS);
    send({ ...change, number: count, walk: data.walk });
  }

  function shiftTo(t) {
    const event = picked();
    if (!event || !data.editable) return;
    const from = now.pending?.from ?? { side: event.side, kind: event.kind, t: event.t };
    now.pending = { from, t: within(t) };
    now.picked = { ...from, t: now.pending.t };
    data.refusal = "";
    stage.video.pause();
    place(now.pending.t);
    draw();
    clearTimeout(rest);
  }

  function nudge(by) {
    const event = picked();
    if (!event || !data.editable) return;
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
    if (same(from, { ...from, t })) { now.picked = from; draw(); describe(); return; }
    data.events = data.events.map((event) => (same(event, from) ? { ...event, t, source: "manual" } : event))
      .sort((a, b) => a.t - b.t);
    tell({ action: "move", side: from.side, kind: from.kind, time_s: from.t, new_time_s: t }, from);
  }

  function erase() {
    const event = picked();
    if (!event || !data.editable || waiting) return;
    now.pending = now.picked = null;
    tell({ action: "delete", side: event.side, kind: event.kind, time_s: event.t }, event);
    spoken.textContent = `${named(event)} deleted`;
    line.focus();
  }

  function takeBack() {
    clearTimeout(rest);
    if (now.pending) { now.picked = now.pending.from; now.pending = null; place(now.picked.t); draw(); describe(); return; }
    if (!data.edits || waiting || !data.editable) return;
    tell({ action: "undo" }, now.picked);
    spoken.textContent = "The last change is undone";
  }

  function resetAll() {
    if (!sure) {
      reset.textContent = data.edits === 1 ? "Drop the change?" : `Drop all ${data.edits} changes?`;
      sure = setTimeout(calm, 5000);
      return;
    }
    calm();
    now.pending = null;
    tell({ action: "reset" }, now.picked);
  }
  function calm() { clearTimeout(sure); sure = 0; reset.textContent = "Reset all"; }

  // What should come next after the event before the cursor is offered first.
  function propose(which) {
    if (!data.editable) return;
    commit();
    stage.video.pause();
    const before = events().findLast((event) => event.t <= now.t);
    const next = before ? CYCLE[(CYCLE.indexOf(`${before.side} ${before.kind}`) + 1) % 4] : `${now.lane} ${KINDS[0]}`;
    let [side, kind] = next.split(" ");
    if (which && which !== side) {
      const last = events().findLast((event) => event.t <= now.t && event.side === which);
      [side, kind] = [which, last?.kind === KINDS[0] ? KINDS[1] : KINDS[0]];
    }
    now.adding = true;
    form.replaceChildren();
    html("div", { class: "title" }, form, `New event at ${now.t.toFixed(3)} s`);
    choice("Foot", "side", SIDES, side, upper);
    choice("What", "kind", KINDS, kind, (name) => upper(NAMES[name]));
    const row = html("div", { class: "buttons" }, form);
    html("button", { type: "submit", class: "main" }, row, "Add");
    button(row, "Cancel", leave);
    describe();
    form.querySelector("input:checked").focus({ preventScroll: true });
  }
  function choice(label, name, values, chosen, say) {
    const group = html("fieldset", {}, form);
    html("legend", {}, group, label);
    for (const value of values) {
      const item = html("label", {}, group);
      html("input", { type: "radio", name, value }, item).checked = value === chosen;
      item.append(` ${say(value)}`);
    }
  }
  function leave() { now.adding = false; describe(); line.focus({ preventScroll: true }); }
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    if (waiting) return;
    const [side, kind] = ["side", "kind"].map((name) => form.querySelector(`[name=${name}]:checked`).value);
    now.picked = { side, kind, t: now.t };
    tell({ action: "add", side, kind, time_s: now.t });
    spoken.textContent = `${named({ side, kind })} added at ${now.t.toFixed(3)} s`;
    leave();
  });

  // ---------------------------------------------------------------- pointer
  const laneAt = (y) => (y < laneTop("right") - GAP / 2 ? "left" : "right");
  function spot(pointer) {
    const box = line.getBoundingClientRect();
    return { x: pointer.clientX - box.left, y: pointer.clientY - box.top };
  }
  function under(here) {
    if (here.y < TOP - 4 || here.y > TOP + 2 * LANE + GAP) return null;
    const close = events().filter((event) => event.side === laneAt(here.y) && Math.abs(x(event.t) - here.x) <= NEAR_PX);
    return close[nearest(close, here.x, (event) => x(event.t))] ?? null;
  }
  line.addEventListener("pointerdown", (pointer) => {
    if (pointer.button !== 0) return;
    line.focus({ preventScroll: true });
    const here = spot(pointer), event = under(here);
    stage.video.pause();
    pick(event);
    now.lane = laneAt(here.y);
    if (!event) {
      place(at(here.x), { still: true });
      // The browser's own double click is lost, because the first click draws the timeline anew.
      const twice = performance.now() - clicked.at < 450 && Math.abs(here.x - clicked.x) < 6;
      clicked = { at: twice ? -Infinity : performance.now(), x: here.x };
      if (twice) { pointer.preventDefault(); propose(laneAt(here.y)); return; }
    }
    now.drag = { x: here.x, event: data.editable ? event : null, moved: false };
    line.setPointerCapture(pointer.pointerId);
  });
  line.addEventListener("pointermove", (pointer) => {
    const here = spot(pointer);
    if (!now.drag) { line.classList.toggle("over", Boolean(under(here))); return; }
    if (!now.drag.moved && Math.abs(here.x - now.drag.x) < 3) return;
    now.drag.moved = true;
    if (now.drag.event) shiftTo(now.drag.event.t + (here.x - now.drag.x) / perS());
    else place(at(here.x), { still: true });
  });
  const drop = () => { now.drag = null; commit(); };
  line.addEventListener("pointerup", drop);
  line.addEventListener("pointercancel", () => { now.drag = null; if (now.pending) takeBack(); });

  // ---------------------------------------------------------------- keys
  const ways = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 };
  const acts = {
    Delete: erase, Backspace: erase, Enter: commit, n: () => propose(), N: () => propose(),
    "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4),
    " ": () => { if (!play.disabled) play.click(); },
    Home: () => { pick(null); place(data.start); }, End: () => { pick(null); place(data.end); },
    Escape: () => { now.drag = null; if (now.pending) takeBack(); else pick(null); },
    ArrowUp: () => toLane("left"), ArrowDown: () => toLane("right"),
  };
  function toLane(which) {
    const lane = events().filter((event) => event.side === which);
    if (lane.length) pick(lane[nearest(lane, now.t, (event) => event.t)]);
  }
  function along(key, way) {
    if (key.key.startsWith("Page")) { const next = neighbour(way); if (next) pick(next); }
    else if (picked()) nudge(way * (key.shiftKey ? 0.01 : data.frame));
    else place(key.shiftKey ? now.t + way * 0.01 : stage.frameAt(now.t, way));
  }
  line.addEventListener("keydown", (key) => {
    if (key.ctrlKey || key.metaKey || key.altKey || !(ways[key.key] || acts[key.key])) return;
    key.preventDefault();
    key.stopPropagation();
    if (ways[key.key]) along(key, ways[key.key]); else acts[key.key]();
  });
  root.addEventListener("keydown", (key) => {
    const taken = (key.ctrlKey || key.metaKey) && key.key.toLowerCase() === "z";
    if (taken) takeBack(); else if (key.key === "Escape" && now.adding) leave(); else return;
    key.preventDefault();
    key.stopPropagation();
  });
  line.addEventListener("blur", commit);

  function zoom(by) {
    const middle = Math.min(Math.max(x(now.t), LABEL), width());
    now.scale = Math.min(MOST_PX_PER_S, Math.max(fit(), 40, perS() * by));
    room.style.width = `${LABEL + RIGHT + (data.end - data.start) * perS()}px`;
    scroll.scrollLeft = LABEL + (now.t - data.start) * perS() - middle;
    draw();
  }
  scroll.addEventListener("scroll", draw);
  new ResizeObserver(draw).observe(scroll);

  // ---------------------------------------------------------------- what Python says
  function showNumbers(parts) {
    numbers.replaceChildren();
    for (const part of parts) {
      const tile = html("div", { class: part.before === null ? "" : "changed" }, numbers);
      html("div", { class: "k" }, tile, part.label);
      const value = html("div", { class: "v" }, tile);
      if (part.before !== null) html("span", { class: "was" }, value, `${part.before} → `);
      value.append(part.now);
      if (part.unit) html("span", { class: "unit" }, value, ` ${part.unit}`);
    }
  }

  function update({ data: given, setTriggerValue }) {
    send = (change) => setTriggerValue("change", change);
    const other = data?.walk !== given.walk, answered = given.answer >= waiting;
    // A refusal is said once: not again when the page is drawn for another reason.
    const refusal = other ? "" : given.answer > heard ? given.refusal : data.refusal;
    heard = given.answer;
    data = { ...given, refusal, events: [...given.events] };
    if (other) {
      Object.assign(now, { t: data.events[0]?.t ?? data.start, picked: null, pending: null, adding: false });
      count = data.answer;
    }
    if (other || answered) {
      waiting = 0;
      clearTimeout(patience);
      root.removeAttribute("aria-busy");
      if (!now.pending && !picked()) now.picked = tried;
      if (!now.pending && !picked()) now.picked = null;
    }
    calm();
    showNumbers(data.numbers);
    stage.set(data);
    draw();
    stage.show(now.t);
    describe();
  }
  return { update };
}
