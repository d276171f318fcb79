/** The sign of the house: three layers. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden>
      <rect width="64" height="64" rx="14" fill="#3d53cf" />
      <g fill="none" stroke="#fff" strokeWidth="5" strokeLinecap="round" strokeLinejoin="round">
        <path d="M12 40l20 10 20-10" opacity=".55" />
        <path d="M12 31l20 10 20-10" opacity=".78" />
        <path d="M32 12l20 10-20 10-20-10z" fill="#fff" />
      </g>
    </svg>
  );
}
