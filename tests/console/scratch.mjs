import { start, SHARED } from "./host.js";
import { launch, open, barriers } from "./browser.js";
import { readFileSync } from "node:fs";
const app = await start({subscribers:["http://127.0.0.1:9999/x"]});
console.log(app.url);
process.on("uncaughtException",(e)=>{console.log(e.message, app.said.slice(-5));process.exit(1)});
for (let i=0;i<30;i++) await app.push({event_status:["Critical","Warning","Info"][i%3], title_rule:`disk /var nearly full on web-${i}`, alert_key:`k${i}`, description:"[MD]# Disk\nused **97 %** of `/var`, see [runbook](https://run.example.net/disk)\n- one\n- two", labels:{host:`web-${i}`,service:"media-store",team:["storage","shop","x"][i%3]}}, i%2?SHARED:undefined);
const items = await app.incidents();
const { browser, close } = await launch();
for (const size of ["desktop","phone"]) for (const scheme of ["light","dark"]) {
  const t = await open(browser, app, {size, scheme});
  for (const [name,hash] of [["incidents","#/incidents"],["incident",`#/incident/${items[0].incident_id}`],["webhooks","#/webhooks"],["routing","#/routing"],["start","#/start"]]) {
    await t.page.evaluate((h)=>location.hash=h, hash); await t.page.waitForTimeout(1500);
    await t.shot("scratch-"+name); console.log(size, scheme, name, await barriers(t.page));
  }
  const alerts = await app.call("/incident/alert/list",{incident_id:items[0].incident_id});
  await t.page.evaluate((h)=>location.hash=h, `#/explain/${alerts.items[0].alert_id}`); await t.page.waitForTimeout(1000); await t.shot("scratch-explain"); console.log("explain", await barriers(t.page));
  try { await t.close(); } catch(e) { console.log(e.message); }
}
await close(); await app.stop(); console.log(app.said.slice(0,20));
