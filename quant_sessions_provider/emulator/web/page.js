// The emulator's page. Texts of sessions only ever become text nodes: the page's policy forbids markup from strings.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SOON = 10 * MINUTE;
const RETRY = 1000;
const QUIET_AFTER = 8000;
const SHOWN_MESSAGES = 200;
const SHOWN_REQUESTS = 200;
const TICK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * MINUTE);
const RANKS = { alive: 0, soon: 0, completed: 1, expired: 2 };

const $ = (id) => document.getElementById(id);
const rows = new Map(); // by key: {key, session, state, text, node, parts}
const onScreen = new Set();
let ahead = 0; // of this browser's clock, in milliseconds
let axis = { start: 0, end: 1 };
let chosen = null; // the row whose conversation is shown
let told = []; // its messages, as JSON
let loads = 0;

const now = () => Date.now() + ahead;

// --- small things ----------------------------------------------------------------------------------------------

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

async function call(method, path, body) {
  const response = await fetch(`/_emulator${path}`, {
    method,
    // The emulator takes any token. Sending one at all is what pages of other origins cannot do.
    headers: { Authorization: "Bearer page", ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error((await response.json()).message);
  return response;
}

let hush;

function say(text) {
  const status = $("status");
  status.textContent = text;
  clearTimeout(hush);
  hush = setTimeout(() => (status.textContent = ""), QUIET_AFTER);
}

/** Run what a person asked for, and say how it went. */
async function act(action, done) {
  try {
    const result = await action();
    say(done);
    return result;
  } catch (error) {
    say(`Not done: ${error.message}`);
    return undefined;
  }
}

const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const two = (number) => String(number).padStart(2, "0");
const clock = (at, seconds = false) =>
  new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) });
const day = (at, more) => new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", ...more });
const shortTime = (at) => (Math.abs(at - now()) < DAY / 2 ? clock(at) : `${day(at)}, ${clock(at)}`);

function duration(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  if (days >= 2) return `${counted(days, "day")} ${hours % 24} h`;
  if (hours) return `${hours} h ${two(minutes % 60)} min`;
  return `${minutes}:${two(seconds % 60)}`;
}

// --- sessions --------------------------------------------------------------------------------------------------

const keyOf = (organisation, id) => JSON.stringify([organisation, id]);
const pathOf = ({ organisation, id }) => `/sessions/${encodeURIComponent(organisation)}/${encodeURIComponent(id)}`;

function stateOf(session, at) {
  if (session.expiresAt <= at) return "expired";
  if (session.status === "completed") return "completed";
  return session.expiresAt - at <= SOON ? "soon" : "alive";
}

function leftOf(session, at) {
  const state = stateOf(session, at);
  return state === "alive" || state === "soon" ? duration(session.expiresAt - at) : state;
}

const untilOf = (session, at) => `${session.expiresAt <= at ? "at" : "until"} ${shortTime(session.expiresAt)}`;

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) onScreen.add(target.row);
    else onScreen.delete(target.row);
    if (isIntersecting) showTime(target.row, now());
  }
});

function newRow(key) {
  const names = ["user", "group", "left", "until"];
  const parts = Object.fromEntries(names.map((name) => [name, element("span", { className: name })]));
  const node = element(
    "div",
    { className: "row", role: "option", tabIndex: -1, ariaSelected: "false" },
    element("span", { className: "name" }, parts.user, parts.group),
    element("span", { className: "lane", ariaHidden: "true" }, element("span", { className: "life" })),
    element("span", { className: "end" }, parts.left, parts.until),
  );
  parts.user.dir = parts.group.dir = "auto";
  const row = { key, node, parts };
  node.row = row;
  watcher.observe(node);
  return row;
}

function showSession(row) {
  const { session, parts } = row;
  setText(parts.user, session.userId);
  setText(parts.group, [session.sessionGroup, counted(session.messages, "message")].filter(Boolean).join(" · "));
  row.text = [session.userId, session.sessionGroup, session.title, session.id, session.organisation].join("\n").toLowerCase();
  showState(row, now());
  showTime(row, now());
  placeOnAxis(row);
}

function showState(row, at) {
  row.state = stateOf(row.session, at);
  row.node.dataset.state = row.state;
}

function showTime(row, at) {
  setText(row.parts.left, leftOf(row.session, at));
  setText(row.parts.until, untilOf(row.session, at));
}

function matches(row, state, words) {
  const fits = state === "all" || row.state === state || (state === "alive" && row.state === "soon");
  return fits && words.every((word) => row.text.includes(word));
}

function compareEnds(a, b) {
  const later = a.session.expiresAt - b.session.expiresAt;
  return RANKS[a.state] - RANKS[b.state] || (a.state === "expired" ? -later : later);
}

const ORDERS = {
  end: compareEnds,
  new: (a, b) => b.session.createdAt - a.session.createdAt,
  user: (a, b) => a.session.userId.localeCompare(b.session.userId) || a.session.expiresAt - b.session.expiresAt,
};

/** Put the rows in order, and move only those that are out of place. */
function arrange() {
  const list = $("sessions");
  const focused = document.activeElement;
  let place = list.firstElementChild;
  for (const { node } of [...rows.values()].sort(ORDERS[$("order").value])) {
    if (place && node === place.nextElementSibling) place = node; // the one before it has left
    if (node === place) place = place.nextElementSibling;
    else list.insertBefore(node, place);
  }
  if (list.contains(focused)) focused.focus();
  filter();
}

function filter() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const state = document.querySelector("#filter :checked").value;
  for (const row of rows.values()) row.node.hidden = !matches(row, state, words);
  keepOneTabStop();
  showCounts();
  $("none").hidden = rows.size > 0;
  $("unmatched").hidden = rows.size === 0 || visibleRows().length > 0;
}

const visibleRows = () => [...$("sessions").children].filter((node) => !node.hidden);

function keepOneTabStop(wanted = document.querySelector(".row[tabindex='0']")) {
  const stop = wanted && !wanted.hidden ? wanted : visibleRows()[0];
  for (const node of document.querySelectorAll(".row[tabindex='0']")) if (node !== stop) node.tabIndex = -1;
  if (stop) stop.tabIndex = 0;
}

function showCounts() {
  const counts = { all: rows.size, alive: 0, soon: 0, completed: 0, expired: 0 };
  for (const { state } of rows.values()) counts[state] += 1;
  counts.alive += counts.soon;
  for (const input of document.querySelectorAll("#filter input")) {
    setText(input.nextElementSibling, counts[input.value].toLocaleString("en"));
  }
  document.title = `${counts.alive} alive · AI sessions emulator`;
}

function remove(key) {
  const row = rows.get(key);
  if (!row) return;
  watcher.unobserve(row.node);
  onScreen.delete(row);
  row.node.remove();
  rows.delete(key);
  if (row === chosen) close();
}

function update(session) {
  const key = keyOf(session.organisation, session.id);
  const row = rows.get(key) ?? newRow(key);
  rows.set(key, row);
  row.session = session;
  showSession(row);
  if (row === chosen) load();
}

// --- the timeline ----------------------------------------------------------------------------------------------

/** Choose the times at both ends: all that lives, a day ahead at most, and no more past than future. */
function chooseAxis() {
  const at = now();
  const alive = [...rows.values()].map((row) => row.session).filter((session) => RANKS[stateOf(session, at)] === 0);
  const latest = alive.reduce((end, { expiresAt }) => Math.max(end, expiresAt), at + 30 * MINUTE);
  const end = Math.min(latest, at + DAY + HOUR);
  const earliest = alive.reduce((start, { createdAt }) => Math.min(start, createdAt), at - 5 * MINUTE);
  const start = Math.max(earliest, at - (end - at));
  const step = TICK_STEPS.find((step) => (end - start) / step <= 6) ?? DAY;
  const zone = new Date(at).getTimezoneOffset() * MINUTE; // so that ticks lie on the hours of this place
  setAxis(Math.floor((start - zone) / step) * step + zone, Math.ceil((end - zone) / step) * step + zone, step);
}

function setAxis(start, end, step) {
  if (axis.start === start && axis.end === end) return;
  axis = { start, end };
  const ticks = [];
  for (let at = start; at < end; at += step) {
    const tick = element("span", { className: "tick" }, clock(at));
    tick.style.left = percent(at);
    ticks.push(tick);
  }
  $("ticks").replaceChildren(...ticks);
  for (const row of rows.values()) placeOnAxis(row);
}

const percent = (at) => `${(Math.min(1, Math.max(0, (at - axis.start) / (axis.end - axis.start))) * 100).toFixed(1)}%`;

function placeOnAxis({ session, node }) {
  node.style.setProperty("--from", percent(session.createdAt));
  node.style.setProperty("--to", percent(session.expiresAt));
}

// --- time passes -----------------------------------------------------------------------------------------------

function tick() {
  const at = now();
  const changed = [...rows.values()].filter((row) => row.state !== stateOf(row.session, at));
  for (const row of changed) {
    showState(row, at);
    if (row === chosen && row.state === "expired") say("This session has expired");
  }
  if (changed.length) arrange();
  for (const row of onScreen) showTime(row, at);
  chooseAxis();
  $("board").style.setProperty("--now", percent(at)); // no change of style while it is the same
  setText($("time"), clock(at, true));
  setText($("date"), day(at, { weekday: "short" }));
  if (chosen) showChosenTime(at);
}

function showChosenTime(at) {
  setText($("left"), leftOf(chosen.session, at));
  setText($("until"), untilOf(chosen.session, at));
  $("chosen").dataset.state = chosen.state;
}

function showOffset(offset) {
  const minutes = Math.round(Math.abs(offset) / MINUTE);
  const parts = [[Math.floor(minutes / 1440), "d"], [Math.floor(minutes / 60) % 24, "h"], [minutes % 60, "min"]];
  const span = parts.filter(([count]) => count).map((part) => part.join(" ")).join(" ");
  setText($("offset"), `${span || `${Math.round(Math.abs(offset) / 1000)} s`} ${offset < 0 ? "behind" : "ahead"}`);
  $("offset").hidden = $("reset").hidden = offset === 0;
}

// --- one conversation ------------------------------------------------------------------------------------------

function choose(row) {
  if (chosen) chosen.node.ariaSelected = "false";
  chosen = row;
  row.node.ariaSelected = "true";
  keepOneTabStop(row.node);
  $("chosen").hidden = false;
  $("choose").hidden = true;
  document.body.classList.add("reading");
  $("messages").replaceChildren();
  $("text").value = ""; // it was meant for another session
  told = null;
  setText($("who"), row.session.userId);
  showChosenTime(now());
  load();
  $("who").focus();
}

function close() {
  if (!chosen) return;
  const { node } = chosen;
  node.ariaSelected = "false";
  chosen = null;
  $("chosen").hidden = true;
  $("choose").hidden = false;
  document.body.classList.remove("reading");
  (node.isConnected ? node : $("sessions")).focus();
}

async function load() {
  const turn = ++loads; // only the latest answer is shown
  const row = chosen;
  const isWanted = () => turn === loads && row === chosen;
  try {
    const session = await (await call("GET", pathOf(row.session))).json();
    if (isWanted()) showConversation(session);
  } catch (error) {
    if (isWanted()) say(`The conversation could not be read: ${error.message}`);
  }
}

function showConversation(session) {
  setText($("group"), [session.sessionGroup, session.organisation].filter(Boolean).join(" · "));
  showFacts(session);
  const texts = session.messages.map((message) => JSON.stringify(message));
  const grows = told !== null && told.every((text, index) => text === texts[index]);
  const from = grows ? told.length : Math.max(0, texts.length - SHOWN_MESSAGES);
  const scroller = $("scroller");
  const atEnd = !grows || scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 40;
  told = texts;
  $("messages").ariaBusy = String(!grows); // what was there before is not read out, what comes is
  if (!grows) showFrom(session.messages, from);
  else $("messages").append(...session.messages.slice(from).map(messageNode));
  $("messages").ariaBusy = "false";
  $("unsaid").hidden = texts.length > 0;
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

function showFrom(messages, from) {
  $("messages").replaceChildren(...messages.slice(from).map(messageNode));
  $("earlier").hidden = from === 0;
  setText($("earlier"), `Show ${counted(from, "earlier message")}`);
}

/** A message of any shape: the API may store some that nobody documents. */
function messageNode(message) {
  const plain = typeof message?.content === "string" && typeof message.role === "string";
  const known = plain && ["user", "assistant", "system"].includes(message.role);
  const role = element("span", { className: "role" }, plain ? message.role : "other");
  const content = plain ? message.content : JSON.stringify(message, null, 2);
  const text = element("p", { className: plain ? "" : "raw", dir: "auto" }, content);
  const node = element("li", { className: "message" }, role, text);
  node.dataset.role = known ? message.role : "other";
  return node;
}

function showFacts(session) {
  const facts = {
    Id: session.id,
    Title: session.title,
    Status: session.status,
    Model: session.model,
    Tokens: session.totalTokens.toLocaleString("en"),
    Created: shortTime(Date.parse(session.createdAt)),
    Updated: shortTime(Date.parse(session.updatedAt)),
    Metadata: Object.keys(session.metadata).length ? JSON.stringify(session.metadata, null, 2) : null,
  };
  const pair = ([name, value]) => [element("dt", {}, name), element("dd", { dir: "auto" }, value)];
  $("facts").replaceChildren(...Object.entries(facts).filter(([, value]) => value !== null).flatMap(pair));
}

async function append() {
  const role = document.querySelector("#append :checked").value;
  const messages = [{ role, content: $("text").value }];
  const done = await act(() => call("POST", `${pathOf(chosen.session)}/messages`, { messages }), `Appended as ${role}`);
  if (done) $("text").value = "";
}

function askToDelete() {
  const { userId, messages } = chosen.session;
  const lost = messages ? ` and its ${counted(messages, "message")}` : "";
  setText($("loss"), `The session of ${userId}${lost} will be gone. The stack that declares it finds it missing.`);
  $("confirm").returnValue = "";
  $("confirm").showModal();
}

// --- requests --------------------------------------------------------------------------------------------------

const BEFORE_SESSIONS = /^\/api\/v3\/organizations\/[^/]+\/ai\//;
const UUID = /([0-9a-f]{8})-[0-9a-f-]{27}/i;

function requestNode({ at, method, path, status, milliseconds, fault }) {
  const short = path.replace(BEFORE_SESSIONS, "").replace(UUID, "$1…");
  const node = element(
    "li",
    { className: "request" },
    element("time", {}, clock(Date.parse(at), true)),
    element("span", { className: "method" }, method),
    element("span", { className: "path", title: path }, short),
    element("span", { className: "code", title: fault ? `fault: ${fault}` : "" }, status ?? "closed"),
    element("span", { className: "took" }, `${Math.round(milliseconds).toLocaleString("en")} ms`),
  );
  node.dataset.outcome = status === null || status >= 500 ? "failed" : status >= 400 ? "refused" : "fine";
  return node;
}

function showRequests(requests, first) {
  const list = $("requests");
  if (first) list.replaceChildren();
  list.prepend(...requests.map(requestNode).reverse());
  while (list.childElementCount > SHOWN_REQUESTS) list.lastElementChild.remove();
  $("silence").hidden = list.childElementCount > 0;
}

function showArmed(armed) {
  const name = ({ kind, status, left }) => `${kind === "status" ? status : kind}${left > 1 ? ` for ${left} requests` : ""}`;
  $("armed").hidden = armed.length === 0;
  setText($("armed").firstElementChild, `The next request fails: ${armed.map(name).join(", then ")}`);
}

// --- what the emulator tells -----------------------------------------------------------------------------------

function receive(event, first) {
  ahead = event.now - Date.now();
  const present = new Set(event.sessions.map(({ organisation, id }) => keyOf(organisation, id)));
  if (first) [...rows.keys()].filter((key) => !present.has(key)).forEach(remove);
  for (const [organisation, id] of event.gone) remove(keyOf(organisation, id));
  event.sessions.forEach(update);
  showRequests(event.requests, first);
  showArmed(event.armed);
  showOffset(event.offset);
  if (first || event.sessions.length || event.gone.length) arrange();
  tick();
}

async function* linesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    yield* lines;
  }
}

function showLink(live) {
  setText($("link"), live ? "live" : "not connected, trying again");
  $("link").dataset.live = live;
}

async function follow() {
  for (;;) {
    try {
      let first = true;
      for await (const line of linesOf(await call("GET", "/events"))) {
        receive(JSON.parse(line), first);
        first = false;
        showLink(true);
      }
    } catch (error) {
      console.info(`The emulator is not there: ${error.message}`);
    }
    showLink(false);
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
}

// --- what people do --------------------------------------------------------------------------------------------

function onKey(event) {
  const nodes = visibleRows();
  const index = nodes.indexOf(event.target);
  const last = nodes.length - 1;
  const [next, before, page, pageBefore] = [1, -1, 10, -10].map((step) => Math.min(last, Math.max(0, index + step)));
  const moves = { ArrowDown: next, ArrowUp: before, PageDown: page, PageUp: pageBefore, Home: 0, End: last };
  if (event.key === "Enter" || event.key === " ") choose(event.target.row);
  else if (event.key in moves) {
    const node = nodes[moves[event.key]];
    keepOneTabStop(node);
    node.focus();
  } else return;
  event.preventDefault();
}

function on(id, kind, action) {
  $(id).addEventListener(kind, (event) => {
    if (kind === "submit") event.preventDefault();
    action(event);
  });
}

const advance = (minutes) =>
  act(() => call("POST", "/clock/advance", { seconds: minutes * 60 }), `Clock advanced by ${counted(minutes, "minute")}`);

on("sessions", "keydown", (event) => event.target.row && onKey(event));
on("sessions", "click", (event) => event.target.closest(".row") && choose(event.target.closest(".row").row));
on("search", "input", filter);
on("filter", "change", filter);
on("order", "change", arrange);
on("advance", "click", ({ target }) => target.value && target.type === "button" && advance(Number(target.value)));
on("advance", "submit", () => advance($("minutes").valueAsNumber));
on("reset", "click", () => act(() => call("PUT", "/clock", { offsetSeconds: 0 }), "The clock shows real time"));
on("close", "click", close);
on("conversation", "keydown", (event) => event.key === "Escape" && close());
on("append", "submit", append);
on("text", "keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && $("append").requestSubmit());
on("earlier", "click", () => showFrom(told.map((text) => JSON.parse(text)), 0));
on("delete", "click", askToDelete);
on("confirm", "close", () => {
  if ($("confirm").returnValue !== "delete" || !chosen) return;
  act(() => call("DELETE", pathOf(chosen.session)), "The session is deleted");
});
on("fail", "submit", () => {
  const choice = $("failure").value;
  const fault = choice === "drop" ? { kind: "drop" } : { kind: "status", status: Number(choice) };
  act(() => call("POST", "/faults", { ...fault, count: 1 }), "The next request will fail");
});
on("clear", "click", () => act(() => call("DELETE", "/faults"), "Faults cleared"));

setText($("address"), `QUANTCDN_BASE_URL=${location.origin}`);
setInterval(tick, 1000);
follow();
