"use strict";
const live = document.getElementById("live");
let tag = null;
async function refresh() {
  try {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch("/page/cards" + location.search, { headers, cache: "no-store" });
    if (answer.status === 200) {
      const fresh = await answer.text();
      if (tag !== null && tag !== answer.headers.get("ETag")) live.innerHTML = fresh;
      if (tag === null && fresh !== live.innerHTML) live.innerHTML = fresh;
      tag = answer.headers.get("ETag");
    }
    document.getElementById("state").textContent = "";
  } catch {
    document.getElementById("state").textContent = "not reachable, trying again";
  }
  setTimeout(refresh, 2000);
}
setTimeout(refresh, 2000);
