import { useEffect, useId, useRef, type ReactNode } from "react";

/** The browser's own dialog over the page: focus stays inside, Esc and a click beside it close,
 * and the focus goes back where it was. `children` gets the id that its title must bear. */
export function FrontDialog(props: { className: string; onClose: () => void; children: (titleId: string) => ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={ref}
      className={props.className}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) props.onClose();
      }}
    >
      {props.children(titleId)}
    </dialog>
  );
}
