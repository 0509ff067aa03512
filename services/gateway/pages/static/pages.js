// Five comforts; every page works without them.
"use strict";

// The visitor's own way of writing the page's language: "en-GB" rather than "en".
const language = document.documentElement.lang;
const locale = navigator.languages.find((each) => each.startsWith(language)) ?? language;

// How many characters are left.
const message = document.getElementById("message");
const count = document.getElementById("message-count");
if (message && count) {
  const limit = Number(message.dataset.limit);
  const show = () => {
    // Counted as the gateway counts: by code points, not by UTF-16 units.
    const left = limit - [...message.value.trim()].length;
    count.textContent = (left < 0 ? count.dataset.over : count.dataset.left).replace("{n}", Math.abs(left).toLocaleString(locale));
    count.classList.toggle("over", left < 0);
    // Because a screen reader that hears each keystroke counted down hears nothing else.
    count.setAttribute("aria-live", left < 100 ? "polite" : "off");
  };
  document.getElementById("message-hint").classList.add("visually-hidden");
  count.hidden = false;
  message.addEventListener("input", show);
  show();
}

// Copies the receipt.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    document.getElementById("copied").textContent = button.dataset.copied;
  });
}

// Tells moments in the visitor's own time.
for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
  (time.firstElementChild ?? time).textContent = moment.format(new Date(time.dateTime));
}

// Lets the previewed mail be as long as it is: the frame runs no script, so it is measured from here.
for (const frame of document.querySelectorAll("iframe.mail")) {
  const fit = () => {
    // While the mail is still being read in there is nothing to measure; `load` comes later.
    const mail = frame.contentDocument?.body;
    if (mail) frame.style.height = `${mail.offsetHeight}px`;
  };
  frame.addEventListener("load", fit);
  if (frame.contentDocument?.readyState === "complete") fit();
  addEventListener("resize", fit);
}

// Brings a form's errors into view, and to a screen reader.
document.getElementById("problems")?.focus();
