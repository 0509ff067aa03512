// A download leaves its page as it was: the button that opened an origin is disarmed here. The server refuses it, too.
"use strict";

const form = document.querySelector("form[data-once]");
form?.addEventListener("submit", () => {
  form.querySelector("button").disabled = true;
  document.getElementById("opened").hidden = false;
});
