"use strict";
// Keys press what is on the page, drafts outlive a reload, and live parts follow their run. All else is plain HTML.
(() => {
  const typing = (node) => node.matches("input:not([type=hidden]), textarea, select");
  const byKey = (key) => [...document.querySelectorAll("[data-key]")].find((node) => node.dataset.key.toLowerCase() === key);
  let waiting = null; // the button whose field is being filled in

  const press = (button) => {
    const field = button.dataset.needs && button.form.elements[button.dataset.needs];
    const begun = field && (button.dataset.needs === "correction" ? waiting === button : field.value.trim());
    if (!field || begun) {
      button.form ? button.form.requestSubmit(button) : button.click();
      return;
    }
    waiting = button;
    const part = field.closest("details");
    if (part) part.open = true;
    field.focus();
  };

  addEventListener("keydown", (event) => {
    if (event.altKey || (event.metaKey && event.key !== "Enter")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target.matches("input"));
      if (sends && event.target.closest(".decide") && !event.isComposing) {
        event.preventDefault();
        const named = event.target.name === "correction" ? byKey("f") : waiting;
        if (named) { waiting = named; named.form.requestSubmit(named); }
      }
      return;
    }
    if (event.ctrlKey) return;
    const focus = [...document.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === event.key.toLowerCase());
    if (focus) { event.preventDefault(); focus.focus(); return; }
    const node = byKey(event.key.toLowerCase());
    if (node && !(event.key === "Enter" && event.target.matches("a, button, summary"))) {
      event.preventDefault();
      node.matches("button") ? press(node) : node.click();
    }
  });

  addEventListener("click", (event) => {
    const button = event.target.closest("button[data-needs]");
    if (button && event.detail) { event.preventDefault(); press(button); }
  });

  // What was typed and not sent yet is there again after a reload or a crash of the browser.
  const row = document.querySelector("[data-draft]");
  if (row) {
    const form = row.querySelector(".decide");
    const name = `steady-draft-${row.dataset.draft}`;
    const fields = [...form.querySelectorAll("input:not([type=hidden]), textarea")];
    let kept = {};
    try { kept = JSON.parse(localStorage.getItem(name) || "{}"); } catch { kept = {}; }
    fields.forEach((field) => {
      if (kept[field.name] !== undefined && field.value === field.defaultValue) field.value = kept[field.name];
      if (field.name === "correction" && field.value !== field.defaultValue) field.closest("details").open = true;
      field.addEventListener("input", () => {
        const told = Object.fromEntries(fields.filter((one) => one.value !== one.defaultValue).map((one) => [one.name, one.value]));
        localStorage.setItem(name, JSON.stringify(told));
      });
    });
    const sent = sessionStorage.getItem("steady-sent"); // forgotten once another row came, so that it was taken
    if (sent && sent !== name) localStorage.removeItem(sent);
    form.addEventListener("submit", () => sessionStorage.setItem("steady-sent", name));
  }

  // A part that follows a run: each event brings its HTML; after a break it goes on behind the last one that came.
  document.querySelectorAll("[data-stream]").forEach((part) => {
    const source = new EventSource(part.dataset.stream);
    source.addEventListener("lines", (event) => {
      const log = part.querySelector("[data-log]");
      const down = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      log.textContent += JSON.parse(event.data);
      if (down) log.scrollTop = log.scrollHeight;
    });
    source.addEventListener("part", (event) => { part.querySelector("[data-live]").innerHTML = JSON.parse(event.data); });
    source.addEventListener("over", () => { source.close(); location.reload(); });
  });

  // What is being made in the background is looked for again.
  if (document.querySelector("[data-again]")) setTimeout(() => location.reload(), 1500);

  document.querySelectorAll("code.copy").forEach((code) => {
    code.tabIndex = 0;
    code.addEventListener("click", () => navigator.clipboard && navigator.clipboard.writeText(code.textContent));
  });
})();
