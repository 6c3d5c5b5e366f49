// Who looks at the console: the key, for as long as this tab is open and nowhere else, and what it may do.

const NAME = "alarum-key";
const RANKS = ["read", "operate", "administer"];

let role = "administer";
let name = "";
let id = 0;

export const key = () => sessionStorage.getItem(NAME) ?? "";

export function begin(newKey) {
  sessionStorage.setItem(NAME, newKey);
}

export function end() {
  sessionStorage.removeItem(NAME);
  role = "administer";
  name = "";
}

// What `/member/info` says. A server without roles lets every key do everything.
export function learn(member) {
  role = RANKS.includes(member?.role) ? member.role : "administer";
  name = member?.member_name ?? "";
  id = member?.member_id ?? 0;
}

// The key was refused something that this role may do, so it has not even that one.
export function refused(needed = "operate") {
  role = RANKS[Math.max(0, RANKS.indexOf(needed) - 1)];
}

export const can = (needed) => RANKS.indexOf(role) >= RANKS.indexOf(needed);
export const who = () => name;
// The person whose key it is; 0: nobody's.
export const personId = () => id;
