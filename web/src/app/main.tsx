import "@/app/styles";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/app";
import { feedState } from "@/lib/feed/client";
import { firstLang, loadCatalogue } from "@/lib/i18n/context";

const lang = firstLang();

// A part of the app is gone from the server: an update has taken its place.
window.addEventListener("vite:preloadError", () => feedState.set((before) => ({ ...before, isNewBuild: true })));

void loadCatalogue(lang).then((catalogue) => {
  const root = document.getElementById("root");
  if (root === null) return;
  createRoot(root).render(
    <StrictMode>
      <App lang={lang} catalogue={catalogue} />
    </StrictMode>,
  );
});
