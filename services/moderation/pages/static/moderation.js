// Keys, the claim's heartbeat, and the preview of reasons. Every page works without this file.
"use strict";

const BEAT_EVERY_MS = 60_000;

// A key presses what bears it, unless somebody is typing. In a form, Ctrl+Enter sends and Escape goes back.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select") !== null;
  const send = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Enter";
  if (event.repeat || event.isComposing || !(send || (plain && (!typing || event.key === "Escape")))) return;
  const bearer = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (bearer === null) return;
  event.preventDefault();
  bearer.click();
});

// The claim lives while the page is looked at. When it is lost, say so and let nobody decide in vain.
const desk = document.querySelector("[data-beat]");
if (desk !== null) setInterval(beat, BEAT_EVERY_MS);

async function beat() {
  if (document.hidden) return;
  try {
    const body = new URLSearchParams({ fence: desk.dataset.fence });
    const answer = await fetch(desk.dataset.beat, { method: "POST", body, redirect: "manual" });
    if (answer.status === 409 || answer.status === 401) document.getElementById("lost").hidden = false;
  } catch {
    // The network is away: the claim may still stand, and the next beat tells.
  }
}

// The words of the chosen policy fill the statement, unless somebody has changed it.
const policy = document.querySelector("select[name=policy]");
const statement = document.querySelector("textarea[name=statement]");
if (policy !== null && statement !== null) {
  const title = document.querySelector(".preview .statement-rule");
  const preview = document.querySelector(".preview .statement-reasons");
  let filled = statement.value;
  document.getElementById("fill").hidden = true;
  policy.addEventListener("change", () => {
    const { words = "", title: name = "" } = policy.selectedOptions[0].dataset;
    if (statement.value === filled || statement.value === "") statement.value = filled = words;
    title.textContent = name;
    preview.textContent = statement.value;
  });
  statement.addEventListener("input", () => { preview.textContent = statement.value; });
}
