// Where in the console one is: all of it stands behind the `#` of the URL, so that it can be sent to somebody else, and is
// never sent to a server.

// `#/incidents?severity=Critical` as `{ path: ["incidents"], query: URLSearchParams }`.
export function here() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean), query: new URLSearchParams(query) };
}

// The hash of a place; what is empty is left out of it.
export function hash(path, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(kept).toString().replaceAll("*", "%2A");
  return `#/${path}${text ? `?${text}` : ""}`;
}

export function go(to) {
  if (location.hash !== to) location.hash = to;
}

// Changes what is asked for at this place, without a step of the browser's history: filters are typed letter by letter.
export function ask(changes) {
  const { path, query } = here();
  const next = hash(path.join("/"), { ...Object.fromEntries(query), ...changes });
  history.replaceState(null, "", next);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
