import { useState } from "react";
import { useSearchParams } from "react-router";

/** What is sought stands in the address, so that "back" and a link bring it again. `text` is the
 * parameter `q`: what is typed is shown at once and does not wait for the address. */
export function useSought() {
  const [params, setParams] = useSearchParams();
  const [text, setText] = useState(params.get("q") ?? "");
  const seek = (key: string, value: string): void => {
    if (key === "q") setText(value);
    // The address as it is now: what this was drawn with may be older than the last key.
    const after = new URLSearchParams(window.location.search);
    if (value === "") after.delete(key);
    else after.set(key, value);
    setParams(after, { replace: true });
  };
  const clear = (): void => {
    setText("");
    setParams({}, { replace: true });
  };
  return { text, params, seek, clear };
}
