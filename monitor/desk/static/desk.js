// The desk's keys, and forms that are sent without leaving the page. Every action here is also a link or a form that
// works without a script: this file only makes them quicker. It asks nobody but the desk itself.
"use strict";

(() => {
  const $ = (selector, under = document) => under.querySelector(selector);
  const $$ = (selector, under = document) => [...under.querySelectorAll(selector)];
  const csrf = document.body.dataset.csrf;
  const mayReview = document.body.dataset.mayReview === "yes";

  function say(sentence) {
    const toast = $("#toast");
    toast.textContent = sentence;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { toast.textContent = ""; }, 6000);
  }

  // ---- the story that the keys speak of ----------------------------------------------------------------------------

  const stories = () => $$(".story[data-story]").filter((story) => story.checkVisibility?.() ?? true);
  const current = () => $(".story.current");

  function choose(story, { scroll = true } = {}) {
    if (!story) return;
    current()?.classList.remove("current");
    story.classList.add("current");
    story.setAttribute("tabindex", "-1");
    if (scroll) {
      story.focus({ preventScroll: true });
      story.scrollIntoView({ block: "nearest" });
    }
  }

  function step(by) {
    const all = stories();
    const at = all.indexOf(current());
    choose(all[Math.min(all.length - 1, Math.max(0, at + by))] ?? all[0]);
  }

  // ---- dialogs -----------------------------------------------------------------------------------------------------

  function open(name, story) {
    const dialog = document.getElementById(name);
    if (!dialog || dialog.open) return false;
    const form = $("form[data-path]", dialog);
    if (form) {
      if (!story) return false;
      if (form.dataset.of !== story.dataset.story) form.reset(); // closed and opened again, it says what was typed
      form.dataset.of = story.dataset.story;
      form.action = form.dataset.path.replace("STORY", story.dataset.story);
      const next = location.pathname + location.search + (story.id ? `#${story.id}` : "");
      const facts = { next, ...story.dataset, ...$(":scope > .judging", story)?.dataset };
      for (const input of $$("input[type=hidden]", form)) { // what the form says of the story: its watch, a version
        const value = facts[input.dataset.from ?? input.name];
        if (value !== undefined) input.value = value;
      }
      const title = $("[data-title]", dialog);
      if (title) title.textContent = $("h3, h1", story)?.textContent.trim() ?? "";
    }
    dialog.showModal();
    return true;
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const story = opener.closest(".story[data-story]");
      if (story) choose(story, { scroll: false });
      if (open(opener.dataset.opens, story)) event.preventDefault();
      return;
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) document.getElementById(closer.dataset.closes)?.close();
    if (event.target.closest("dialog [data-leaves]")) { // theirs stands: it is shown
      event.preventDefault();
      closeAll();
      show(current());
    }
    const story = event.target.closest(".story[data-story]");
    if (story && story !== current()) choose(story, { scroll: false });
  });

  // ---- forms -------------------------------------------------------------------------------------------------------

  const post = (form, submitter, accept) => fetch(form.action, {
    method: "POST",
    headers: { "X-CSRF-Token": csrf, "Accept": accept },
    body: new URLSearchParams(new FormData(form, submitter)),
    redirect: "manual",
  }).catch(() => { throw new Error("The desk cannot be reached; nothing was sent, and nothing that you typed is gone."); });

  async function send(form, submitter) {
    const answer = await post(form, submitter, "application/json");
    const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
    if (answer.ok) return told;
    const said = typeof told.detail === "string" ? told.detail : `the desk answered ${answer.status}`;
    throw Object.assign(new Error(said), { status: answer.status });
  }

  // The session is over, or another one began: the desk keeps what was typed over the login, of a form without a script.
  function sendAsPage(form, submitter) {
    delete form.dataset.live;
    form.requestSubmit(submitter);
  }

  // Another was faster: what a form without a script is answered, in a dialog. False where that is no such answer.
  async function askWhoIsRight(form, submitter) {
    const answer = await post(form, submitter, "text/html");
    const found = $("#again", parsed(answer.ok ? "" : await answer.text()));
    if (!found) return false;
    $("form", found).dataset.live = "";
    $("#conflict")?.remove();
    const dialog = Object.assign(document.createElement("dialog"), { id: "conflict" });
    dialog.setAttribute("aria-labelledby", "again-title");
    dialog.append(found);
    document.body.append(dialog);
    dialog.showModal();
    return true;
  }

  function closeAll() {
    for (const dialog of $$("dialog[open]")) dialog.close();
  }

  function parsed(markup) { // ours: escaped as in a page
    const found = document.createElement("template");
    found.innerHTML = markup;
    return found.content;
  }

  async function piece(path, watch) {
    const address = new URL(path, location.href);
    if (watch) address.searchParams.set("watch", watch);
    const answer = await fetch(address, { headers: { "Accept": "text/html" } });
    return answer.ok && !answer.redirected ? parsed(await answer.text()).firstElementChild : null;
  }

  async function show(story) {
    if (story?.matches("article")) await renew(story);
    else location.reload();
  }

  async function renew(story) {
    const { story: number, watch } = story.dataset;
    if ($(":scope > .judging", story)) return renewJudging(number);
    const fresh = await piece(`/stories/${number}/card`, watch);
    if (!fresh) return location.reload();
    // Its place is what it was, and so are the reasons for it, and what it brought since they looked.
    for (const [kept, place] of [[".moved", ".origin"], [".goes-on", ".meta"]])
      if ($(kept, story)) $(place, fresh)?.append($(kept, story));
    if ($(".news", story)) $(".meta", fresh).after($(".news", story));
    story.replaceWith(fresh);
    choose(fresh);
  }

  // A list of reports may hold several of one story: what is said of it below one stands below all.
  async function renewJudging(number) {
    const bars = $$(`.story[data-story="${number}"] > .judging`);
    const fresh = await piece(`/stories/${number}/judging`, bars[0].dataset.watch);
    if (!fresh) return location.reload();
    for (const bar of bars) bar.replaceWith(fresh.cloneNode(true));
    choose(current());
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-live]")) return;
    event.preventDefault();
    const dialog = form.closest("dialog");
    const story = dialog ? current() : form.closest(".story[data-story]");
    try {
      const told = await send(form, event.submitter);
      closeAll();
      delete form.dataset.of; // it was taken: the next time it is empty
      if (told.said) say(told.said);
      if (form.dataset.live === "leave" && told.next) location.assign(told.next);
      else await show(form.dataset.live === "reload" ? null : story);
    } catch (error) {
      if ([401, 403].includes(error.status)) return sendAsPage(form, event.submitter);
      if (error.status === 409 && await askWhoIsRight(form, event.submitter)) return;
      const fault = $("[data-fault]", form);
      if (fault) { fault.textContent = error.message; fault.hidden = false; }
      else say(error.message);
    }
  });

  // ---- keys --------------------------------------------------------------------------------------------------------

  function press(name) {
    const story = current() ?? stories()[0];
    if (!story) return;
    choose(story, { scroll: false });
    ($(`[data-key="${name}"]`, story) ?? $(`main [data-key="${name}"]`))?.click();
  }

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    s: () => mayReview && press("s"),
    x: () => mayReview && press("x"),
    n: () => mayReview && press("n"),
    a: () => mayReview && press("a"),
    m: () => mayReview && press("m"),
    "/": () => { const box = $("[data-search]"); if (box) { box.focus(); box.select(); } else location.assign("/search"); },
    "?": () => open("keys"),
    Enter: () => { const link = current() && $("h3 a", current()); if (link) link.click(); },
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    const target = event.target;
    if (target.matches("input, textarea, select, [contenteditable]")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (event.key === "Enter" && target.closest("a, button, summary")) return;
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // A select that filters needs no button where there is a script.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-instant]");
    if (form && event.target.matches("select, input[type=date], input[type=checkbox]")) form.requestSubmit();
  });

  const asked = document.getElementById(location.hash.slice(1));
  if (asked?.matches(".story[data-story]")) choose(asked);
})();
