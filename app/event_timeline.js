// Draws the timeline of the event editor: passes, curves of heel and toe, pieces left out, events.
const NS = "http://www.w3.org/2000/svg";
const LABEL = 68, RIGHT = 14, TOP = 26, MARKS = 40, FORWARD = 62, HEIGHT = 38, GAP = 14, AXIS = 24;
const LETTER = 6.6; // px: more than a letter of the small labels takes
const LANE = MARKS + FORWARD + HEIGHT, TALL = TOP + 2 * LANE + GAP + AXIS;
const SIDES = ["left", "right"], KINDS = ["initial_contact", "foot_off"];
const NAMES = { initial_contact: "contact", foot_off: "foot off" };

const upper = (text) => text[0].toUpperCase() + text.slice(1);
const named = (event) => `${upper(event.side)} ${NAMES[event.kind]}`;
const same = (a, b) => a && b && a.side === b.side && a.kind === b.kind && Math.abs(a.t - b.t) < 5e-4;
const laneTop = (which) => TOP + (which === "left" ? 0 : LANE + GAP);
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

function sentence(it) {
  const how = it.moved ? "being moved" : it.source === "manual" ? "set by hand"
    : `found automatically, confidence ${it.confidence.toFixed(2)}`;
  return `${named(it)} at ${it.t.toFixed(3)} s, ${how}`;
}

// `view` tells what to draw and where: data, events, chosen, pending, and the scale: x(t), from, to, perS, width.
function drawTimeline(line, view) {
  const { data, events, x, width, perS } = view;
  line.setAttribute("width", width);
  line.replaceChildren();
  hatching(line);
  for (const piece of data.passes) pass(piece);
  for (const which of SIDES) {
    svg("rect", { class: "frame", x: LABEL, y: laneTop(which), width: width - LABEL, height: LANE }, line);
    for (const piece of data.rejections) if (piece.side === which) rejection(piece);
    if (data.curves) curves(which);
    else svg("text", { class: "small", x: LABEL + 10, y: laneTop(which) + MARKS + 34 }, line, "No curves: the landmarks are gone.");
  }
  axis();
  data.ghosts.forEach(ghost);
  events.forEach(event);
  svg("rect", { class: "cover", x: 0, y: 0, width: LABEL - 1, height: TALL }, line);
  for (const which of SIDES) {
    const y = laneTop(which);
    svg("text", { class: "lane", x: 8, y: y + 18 }, line, upper(which));
    svg("text", { class: "lane", x: 8, y: y + 35 }, line, "foot");
    svg("text", { class: "small", x: 8, y: y + MARKS + FORWARD / 2 + 4 }, line, "forward");
    svg("text", { class: "small", x: 8, y: y + MARKS + FORWARD + HEIGHT / 2 + 6 }, line, "height");
  }
  svg("path", { class: "head", d: "" }, line);

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
    const left = Math.max(LABEL, x(piece.start)) + 4;
    const fits = piece.label.length * LETTER <= Math.min(width, x(piece.end)) - left;
    svg("text", { class: "small", x: left, y: 16 }, part, fits ? piece.label : piece.label.split(":")[0]);
    svg("title", {}, part, piece.label);
  }

  function rejection(piece) {
    const part = svg("g", { role: "img", "aria-label": `Left out: ${piece.reason}` }, line);
    svg("rect", { class: "rejected", x: x(piece.start), y: laneTop(piece.side) + MARKS,
      width: Math.max(3, x(piece.end) - x(piece.start)), height: LANE - MARKS }, part);
    svg("title", {}, part, `Left out: ${piece.reason}`);
  }

  function curves(which) {
    const c = data.curves;
    const first = Math.max(0, Math.floor((view.from - c.start) / c.step) - 1);
    const last = Math.min(c[which].heel_forward.length, Math.ceil((view.to - c.start) / c.step) + 2);
    for (const [name, low, tall] of [["forward", MARKS, FORWARD], ["height", MARKS + FORWARD, HEIGHT]]) {
      const [least, most] = c.range[name];
      const y = (value) => laneTop(which) + low + 5 + (1 - (value - least) / (most - least || 1)) * (tall - 10);
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
        for (const event of events) {
          if (event.side !== which || event.kind !== kind) continue;
          const value = values[Math.round((event.t - c.start) / c.step)];
          if (value !== null && value !== undefined) {
            svg("circle", { class: `dot ${part}`, cx: x(event.t), cy: y(value), r: 4 }, line);
          }
        }
      }
    }
  }

  function axis() {
    const y = TOP + 2 * LANE + GAP;
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].find((value) => value * perS > 62) ?? 30;
    for (let i = Math.ceil(view.from / step); i * step <= view.to; i += 1) {
      const t = i * step;
      svg("line", { class: "tick", x1: x(t), x2: x(t), y1: TOP, y2: y + 4 }, line);
      if (x(t) > LABEL + 8) svg("text", { class: "small middle", x: x(t), y: y + 17 }, line, `${t.toFixed(step < 1 ? 1 : 0)} s`);
    }
  }

  function shape(kind, cx, cy) {
    return kind === "initial_contact"
      ? `M${cx - 8} ${cy - 7}L${cx + 8} ${cy - 7}L${cx} ${cy + 8}Z`
      : `M${cx - 8} ${cy + 7}L${cx + 8} ${cy + 7}L${cx} ${cy - 8}Z`;
  }

  function ghost(event) {
    const part = svg("g", { class: "ghost" }, line);
    const y = laneTop(event.side);
    svg("line", { x1: x(event.t), x2: x(event.t), y1: y + 18, y2: y + LANE }, part);
    svg("path", { d: shape(event.kind, x(event.t), y + 11) }, part);
    svg("title", {}, part, `${named(event)} was found at ${event.t.toFixed(3)} s, before it was changed by hand`);
  }

  // Under its mark, but not over the edge as long as the mark itself is seen.
  function whole(cx, text) {
    const half = (text.length * LETTER) / 2;
    return cx < LABEL || cx > width ? cx : Math.min(Math.max(cx, LABEL + half), width - half);
  }

  function event(it, i) {
    const chosen = same(it, view.chosen);
    const manual = it.source === "manual" || it.moved;
    const part = svg("g", {
      id: `gait-event-${i}`, role: "img", "aria-label": sentence(it),
      class: ["mark", it.kind, chosen ? "chosen" : "", manual ? "manual" : ""].join(" "),
    }, line);
    const y = laneTop(it.side), cx = x(it.t);
    svg("line", { class: "stem", x1: cx, x2: cx, y1: y + 20, y2: y + LANE }, part);
    if (chosen) svg("rect", { class: "ring", x: cx - 13, y: y - 2, width: 26, height: 27, rx: 6 }, part);
    svg("path", { class: "shape", d: shape(it.kind, cx, y + 11) }, part);
    if (manual) svg("path", { class: "byhand", d: `M${cx - 9} ${y + 22.5}L${cx + 9} ${y + 22.5}` }, part);
    const text = perS < 90 ? { initial_contact: "C", foot_off: "O" }[it.kind]
      : { initial_contact: "contact", foot_off: "off" }[it.kind];
    svg("text", { class: "small middle", x: whole(cx, text), y: y + 35 }, part, text);
    svg("title", {}, part, sentence(it));
  }
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
