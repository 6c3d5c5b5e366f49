// Who looks at the console: the key, for as long as this tab is open and nowhere else, and what it may do.

const NAME = "alarum-key";
const RANKS = ["read", "operate", "administer"];

// Until `/member/info` says: the role of a key of which nothing else is said.
const USUAL = "operate";

let role = USUAL;
let known = false;
let name = "";
let id = 0;

export const key = () => sessionStorage.getItem(NAME) ?? "";

export function begin(newKey) {
  sessionStorage.setItem(NAME, newKey);
}

export function end() {
  sessionStorage.removeItem(NAME);
  role = USUAL;
  known = false;
  name = "";
  id = 0;
}

// What `/member/info` says.
export function learn(member) {
  role = RANKS.includes(member.role) ? member.role : "read";
  known = true;
  name = member.member_name;
  id = member.member_id;
}

// The key was refused something that this role may do, so it has not even that one.
export function refused(needed) {
  role = RANKS[Math.max(0, RANKS.indexOf(needed) - 1)];
}

export const can = (needed) => RANKS.indexOf(role) >= RANKS.indexOf(needed);
export const isKnown = () => known;
export const who = () => name;
// The person whose key it is; 0: nobody's.
export const personId = () => id;
