/** What the cameras of the seeded printers see: a bed in its chamber, with or without a part on it. */
export function cameraView(hasPart: boolean): string {
  const part = hasPart
    ? '<path d="M250 214l70-34 70 34v42l-70 36-70-36z" fill="#c4581d"/><path d="M250 214l70 34 70-34-70-34z" fill="#f0722e"/><path d="M320 248v44l70-36v-42z" fill="#9b4415"/>'
    : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360" viewBox="0 0 640 360">
<defs><linearGradient id="wall" x2="0" y2="1"><stop stop-color="#4a4f57"/><stop offset="1" stop-color="#23262b"/></linearGradient></defs>
<rect width="640" height="360" fill="url(#wall)"/><path d="M0 0h90v360H0zM550 0h90v360h-90z" fill="#1b1d21"/>
<path d="M120 250l200-100 200 100-200 104z" fill="#6b624f"/><path d="M120 250l200 104 200-104v10L320 366 120 260z" fill="#3d382e"/>${part}
<rect x="60" y="84" width="520" height="14" fill="#8a9099"/><rect x="286" y="70" width="68" height="62" rx="6" fill="#d7dade"/><path d="M312 132h16l-8 18z" fill="#b08d57"/>
</svg>`;
}
