// Light, dark or as the system has it. Runs before the page is drawn, so that it does not flash.
(() => {
  const CHOICES = ["auto", "light", "dark"];
  const WORDS = { auto: "as the system", light: "light", dark: "dark" };
  const root = document.documentElement;

  const remembered = () => {
    try {
      return localStorage.getItem("rialto-theme");
    } catch {
      return null; // storage is switched off
    }
  };

  const choose = (choice) => {
    root.dataset.theme = choice;
    const button = document.getElementById("theme");
    button?.setAttribute("aria-label", `Colours: ${WORDS[choice]}`);
    button?.setAttribute("title", `Colours: ${WORDS[choice]}`);
    document.dispatchEvent(new Event("theme"));
  };

  const first = CHOICES.includes(remembered()) ? remembered() : "auto";
  choose(first);

  document.addEventListener("DOMContentLoaded", () => {
    choose(root.dataset.theme);
    document.getElementById("theme").addEventListener("click", () => {
      const next = CHOICES[(CHOICES.indexOf(root.dataset.theme) + 1) % CHOICES.length];
      try {
        localStorage.setItem("rialto-theme", next);
      } catch {
        // it holds for this page only
      }
      choose(next);
    });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => choose(root.dataset.theme));
})();
