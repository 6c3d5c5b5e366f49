import { start, SHARED, PRIVATE } from "./host.js";
import { launch, open } from "./browser.js";
const app = await start();
let t0=Date.now();
for (let b=0;b<100;b++) {
  await app.push(Array.from({length:100},(_,i)=>({event_status:["Critical","Warning","Info"][i%3], title_rule:`disk ${b}-${i}`, alert_key:`k${b}-${i}`, labels:{host:`web-${i}`,service:"media-store",team:"x"}})));
}
console.log("pushed", Date.now()-t0);
await new Promise(r=>setTimeout(r,3000));
const now=Math.floor(Date.now()/1000);
for (const q of [{limit:100,progress:"Triggered,Processing"},{limit:100,incident_severity:"Critical"},{limit:1},{limit:1,channel_ids:[101]},{limit:1,channel_ids:[102]},{limit:100}]) for (let k=0;k<3;k++) { t0=Date.now(); const d=await app.call("/incident/list",{start_time:now-86000*30,end_time:now+60,...q}); console.log(JSON.stringify(q),d.total,Date.now()-t0); }
const { browser, close } = await launch();
for (let k=0;k<4;k++){const c=await browser.newContext(); await c.addInitScript(()=>sessionStorage.setItem("alarum-key","app-key-of-ada-0123456789")); const p=await c.newPage(); await p.goto(app.url+"/console"); await p.locator(".row").first().waitFor(); console.log("plain",await p.evaluate(()=>[performance.now(),performance.getEntriesByType("resource").filter(e=>e.name.includes("/console/")).map(e=>e.responseEnd).sort((a,b)=>b-a)[0]])); await c.close();}
for (let k=0;k<1;k++) {
const t = await open(browser, app, {hash:"#/incidents"});
await t.page.locator(".row").first().waitFor();
console.log(await t.page.evaluate(()=>[performance.now(), performance.getEntriesByType("resource").length, performance.getEntriesByType("resource").filter(e=>!e.name.includes("/console/")).map(e=>[e.name.replace(/.*3000|\?.*/g,"").slice(-40),Math.round(e.startTime),Math.round(e.duration)]), performance.getEntriesByType("resource").filter(e=>e.name.includes("/console/")).map(e=>e.responseEnd).sort((a,b)=>b-a)[0]]));
await t.page.waitForTimeout(6000); await t.shot("scratch-many");
console.log(await t.page.evaluate(()=>performance.getEntriesByType("resource").filter(e=>!e.name.includes("/console/")).map(e=>[e.name.replace(/.*3000|\?.*/g,"").slice(-40),Math.round(e.startTime),Math.round(e.duration)])).then(x=>x.length+" "+x.map(a=>a[1]+":"+a[2]).join(" ")));
try{await t.close();}catch(e){console.log(e.message)}
}
await close(); await app.stop();
