import { hex, type Said } from "@/lib/i18n/machine/codes";
import { DEVELOPER_MODE } from "@/lib/i18n/machine/de-errors";

const SERVICE = "Schalte den Drucker aus und ein; kommt es wieder, lass ihn reparieren, bevor er druckt.";
const RESTART = "Schalte den Drucker aus und ein.";
const PLUG = "Sieh nach, ob der Stecker sitzt und nichts im Weg ist.";
const PLATE = "Leg die Druckplatte richtig ein und reinige darunter.";
const CLEAN = "Reinige die Düse, dann setze fort oder brich ab.";
const BELT = "Spanne den Riemen und kalibriere neu.";
const FREE = "Sieh nach, ob etwas im Weg ist, und reinige die Stangen.";
const CARD = "Sieh nach, ob die Speicherkarte steckt, nicht voll, nicht schreibgeschützt und mit FAT32 formatiert ist.";
const CLOUD = "Layerline braucht die Cloud des Herstellers nicht: Für seine Drucke ist nichts zu tun.";
const UPDATE = "Bring am Bildschirm des Druckers die Firmware auf den neuesten Stand.";
const DOOR = "Öffne die Tür oder den Deckel.";

type Entry = [code: string, said: Said];

const motion = (part: number, kind: number, low: number): string => `0300-${hex(part, 2)}00-${hex(kind)}-${hex(low)}`;

const MOTORS: readonly [part: number, name: string, of: string, sensor: number][] = [
  [0x06, "Motor A", "von Motor A", 0x13],
  [0x07, "Motor B", "von Motor B", 0x14],
  [0x08, "Der Z-Motor", "des Z-Motors", 0x15],
  [0x09, "Der Motor des Extruders", "des Extrudermotors", 0x16],
];

function motors(): Entry[] {
  return MOTORS.flatMap(([part, name, of, sensor]): Entry[] => [
    [motion(part, 1, 1), [`${name} hat eine Unterbrechung.`, SERVICE]],
    [motion(part, 1, 2), [`${name} hat einen Kurzschluss.`, SERVICE]],
    [motion(part, 1, 3), [`${name} hat einen falschen Widerstand.`, SERVICE]],
    [motion(sensor, 1, 1), [`Der Stromsensor ${of} ist defekt.`, SERVICE]],
  ]);
}

const HEATERS: readonly [part: number, place: string, heater: string, sensor: string][] = [
  [0x01, "Betts", "die Heizung", "der Fühler"],
  [0x02, "Düse", "die Heizung", "der Fühler"],
  [0x91, "Bauraums", "die erste Heizung", "der Fühler der ersten Heizung"],
  [0x92, "Bauraums", "die zweite Heizung", "der Fühler der zweiten Heizung"],
];

function heaters(): Entry[] {
  return HEATERS.flatMap(([part, place, heater, sensor]): Entry[] => {
    const what: [number, string][] = [
      [0x1, `${heater} hat vielleicht einen Kurzschluss`],
      [0x2, `${heater} hat vielleicht eine Unterbrechung`],
      [0x3, `${heater} ist zu heiß`],
      [0x6, `${sensor} hat vielleicht einen Kurzschluss`],
      [0x7, `${sensor} hat vielleicht eine Unterbrechung`],
      [0x8, "es wird nicht so warm, wie es soll"],
      [0xa, "die Leistungsplatine ist vielleicht defekt"],
      [0xb, "die Regelung ist vielleicht defekt"],
      [0xc, "es wurde zu lange mit voller Kraft geheizt"],
    ];
    const of = place === "Düse" ? "der Düse" : `des ${place}`;
    return what.map(([low, said]) => [motion(part, 1, low), [`Die Temperatur ${of} stimmt nicht: ${said}.`, SERVICE]]);
  });
}

function fans(): Entry[] {
  const names: [number, string][] = [
    [0x03, "des Hotends"],
    [0x17, "des Hotends"],
    [0x31, "für das Bauteil"],
    [0x04, "für das Bauteil"],
  ];
  return names.flatMap(([part, of]): Entry[] => {
    const stopped: Said = [`Der Lüfter ${of} dreht zu langsam oder gar nicht.`, PLUG];
    return [
      [motion(part, 1, 1), stopped],
      [motion(part, 2, 1), stopped],
      [motion(part, 2, 2), [`Der Lüfter ${of} dreht langsam.`, PLUG]],
    ];
  });
}

function forceSensors(): Entry[] {
  const what = [
    "spürt zu viel: Das Bett sitzt vielleicht zu stramm",
    "spürt zu wenig",
    "spürt nichts: Sein Kabel ist vielleicht gebrochen",
    "wurde gestört: Das Bett hat vielleicht etwas berührt",
    "wird ohne Ende gedrückt: Das Bett klemmt vielleicht",
  ];
  return [0x0a, 0x0b, 0x0c].flatMap((part, place) =>
    what.map((said, low): Entry => [motion(part, 1, low + 1), [`Der Kraftsensor ${place + 1} des Betts ${said}.`, SERVICE]]),
  );
}

function plates(): Entry[] {
  const said: Said = ["Die Druckplatte liegt nicht richtig.", PLATE];
  return Array.from({ length: 8 }, (_, n) => n + 3).flatMap((low): Entry[] => [
    [motion(0x0d, 1, low), said],
    [motion(0x0d, 2, low), said],
  ]);
}

function chamber(): Entry[] {
  const what: [number, string][] = [
    [0x01, "Die Heizung bläst keine warme Luft"],
    [0x02, "Er ist vielleicht offen, oder der Raum ist zu kalt"],
    [0x03, "Das Netzteil ist zu heiß"],
    [0x04, "Der Lüfter dreht zu langsam"],
    [0x05, "Die Wärme kommt nicht weg"],
    [0x10, "Die Steuerung antwortet nicht"],
  ];
  const sensor: Said = ["Die Temperatur des Bauraums stimmt nicht: Ein Fühler der Heizung ist defekt.", SERVICE];
  return [
    ...what.map(([low, said]): Entry => [motion(0x90, 1, low), [`Der Bauraum wird nicht warm: ${said}.`]]),
    ...Array.from({ length: 8 }, (_, n): Entry => [motion(0x93, 1, n + 1), sensor]),
  ];
}

const row = (group: string, lows: readonly number[], said: Said): Entry[] =>
  lows.map((low) => [`${group}-${hex(low)}`, said]);

const INSIDE: Said = ["Ein Teil im Drucker arbeitet nicht.", RESTART];
const NO_CLOUD: Said = ["Der Drucker erreicht die Cloud seines Herstellers nicht.", CLOUD];
const LEVEL: Said = ["Das Nivellieren des Betts ergibt keinen Sinn.", PLATE];
const X_SLOW: Said = ["Die X-Achse schwingt langsam: Vielleicht ist ein Riemen locker.", BELT];
const Y_SLOW: Said = ["Die Y-Achse schwingt langsam: Vielleicht ist ein Riemen locker.", BELT];
const PART_FIRMWARE: Said = ["Die Firmware eines angeschlossenen Teils passt nicht.", UPDATE];
const SOFT: Said = ["Das Bett ist so heiß, dass das Filament weich wird.", DOOR];
const DATA: Said = ["Daten der Hauptplatine sind beschädigt.", SERVICE];

/** The printer's health messages by the maker's number; those of an AMS are elsewhere. */
export const health: Readonly<Record<string, Said>> = {
  ...Object.fromEntries([
    ...motors(),
    ...heaters(),
    ...fans(),
    ...forceSensors(),
    ...plates(),
    ...chamber(),
    ...row("0500-0300-0001", [0x5, 0x6, 0x8, 0x9], INSIDE),
    ...row("0300-1800-0001", [0x1, 0x2, 0x3, 0x4], INSIDE),
    ...row("0500-0200-0002", [1, 2, 3, 4, 5, 6, 7, 8], NO_CLOUD),
    ...row("0500-0300-0002", [0x55], NO_CLOUD),
    ...row("0500-0400-0001", [1, 2], NO_CLOUD),
  ]),
  "0300-0100-0001-000D": ["Das Bett hatte schon früher Mühe mit dem Heizen.", SERVICE],
  "0300-0100-0003-0008": ["Das Bett ist auf seine höchste Temperatur begrenzt."],
  "0300-0200-0001-0009": ["Das Hotend ist vielleicht nicht eingebaut.", "Setz das Hotend richtig ein."],
  "0300-0500-0001-0001": ["Der Treiber der Motoren ist zu heiß.", SERVICE],
  "0300-0D00-0001-0002": ["Das Einmessen des Betts ist gescheitert: Der Tisch wackelt.", "Stell ihn fest hin."],
  "0300-0D00-0001-000B": ["Der Z-Motor klemmt wohl.", FREE],
  "0300-0D00-0001-000C": LEVEL,
  "0300-0D00-0002-0001": ["Das Einmessen des Betts war zweifelhaft.", CLEAN],
  "0300-0F00-0001-0001": ["Dem Schwingungssensor ist nicht zu trauen.", RESTART],
  "0300-1000-0002-0001": X_SLOW,
  "0300-1000-0002-0002": ["Die X-Achse schwingt anders als beim Kalibrieren.", BELT],
  "0300-1100-0002-0001": Y_SLOW,
  "0300-1100-0002-0002": ["Die Y-Achse schwingt anders als beim Kalibrieren.", BELT],
  "0300-1200-0002-0001": ["Die vordere Abdeckung des Druckkopfs ist abgefallen.", "Setz sie wieder ein."],
  "0300-1800-0001-0005": ["Der Z-Motor klemmte, während er lief.", FREE],
  "0300-1800-0001-0006": LEVEL,
  "0300-1A00-0002-0001": ["An der Düse klebt etwas, oder die Druckplatte liegt schief.", CLEAN],
  "0300-1A00-0002-0002": ["Die Düse ist verstopft.", CLEAN],
  "0300-1B00-0001-0001": ["Der Schwingungssensor des Betts ist schwach.", SERVICE],
  "0300-1B00-0001-0002": ["Der Schwingungssensor des Betts wurde gestört.", PLUG],
  "0300-1B00-0001-0003": ["Der Schwingungssensor des Betts ist gedrückt.", SERVICE],
  "0300-1C00-0001-0001": ["Der Treiber des Extrudermotors ist defekt.", SERVICE],
  "0300-1D00-0001-0001": ["Der Positionssensor des Extruders ist defekt.", PLUG],
  "0300-2000-0001-0001": ["Das Einmessen der X-Achse ist gescheitert: Sie läuft zu schwer.", FREE],
  "0300-2000-0001-0002": ["Das Einmessen der Y-Achse ist gescheitert: Sie läuft zu schwer.", FREE],
  "0300-2000-0001-0003": ["Das Einmessen der X-Achse ist gescheitert: Vielleicht ist ein Riemen locker.", BELT],
  "0300-2000-0001-0004": ["Das Einmessen der Y-Achse ist gescheitert: Vielleicht ist ein Riemen locker.", BELT],
  "0300-4000-0002-0001": ["Teile des Druckers verstehen einander nicht.", RESTART],
  "0300-4100-0001-0001": ["Die Netzspannung schwankt.", "Nimm eine andere Steckdose."],
  "0300-9400-0002-0003": ["Der Bauraum wurde nicht warm; der Druck geht weiter."],
  "0300-9400-0003-0001": ["Der Bauraum kühlt langsam ab.", DOOR],
  "0300-9400-0003-0002": ["Die Temperatur des Bauraums war zu hoch eingestellt."],
  "0300-9600-0001-0003": ["Der Sensor der Tür arbeitet nicht.", PLUG],
  "0500-0100-0002-0001": ["Das Video des Druckers geht nicht.", RESTART],
  "0500-0100-0002-0002": ["Die Kamera hat keinen Kontakt.", PLUG],
  "0500-0100-0003-0004": ["Die Speicherkarte ist fast voll.", CARD],
  "0500-0100-0003-0005": ["Die Speicherkarte ist schreibgeschützt.", CARD],
  "0500-0100-0003-0006": ["Die Speicherkarte ist nicht formatiert.", CARD],
  "0500-0100-0003-0007": ["Es steckt keine Speicherkarte: Zeitraffer lassen sich nicht aufnehmen.", CARD],
  "0500-0300-0001-0001": ["Die Bewegungssteuerung arbeitet nicht.", SERVICE],
  "0500-0300-0001-0002": ["Der Druckkopf arbeitet nicht.", SERVICE],
  "0500-0300-0001-0003": ["Das AMS arbeitet nicht.", RESTART],
  "0500-0300-0001-0004": ["Der Filamentpuffer arbeitet nicht.", RESTART],
  "0500-0300-0001-000A": ["Der Drucker ist durcheinander.", "Setz ihn auf Werkseinstellungen zurück."],
  "0500-0300-0001-000B": ["Der Bildschirm des Druckers arbeitet nicht.", RESTART],
  "0500-0300-0001-000E": PART_FIRMWARE,
  "0500-0300-0001-0023": ["Die Steuerung des Bauraums arbeitet nicht.", RESTART],
  "0500-0300-0001-0024": ["Zum Drucken ist es zu kalt.", "Heize den Raum auf über 10 °C."],
  "0500-0300-0001-0025": ["Die Firmware ist beschädigt.", UPDATE],
  "0500-0300-0002-000C": ["Das WLAN des Druckers arbeitet nicht.", RESTART],
  "0500-0300-0002-000D": ["Der Kartenleser arbeitet nicht.", RESTART],
  "0500-0300-0002-000E": PART_FIRMWARE,
  "0500-0300-0002-0020": ["Die Speicherkarte ist zu klein für Druckdateien.", CARD],
  "0500-0300-0003-0022": ["Die Speicherkarte ist langsam geworden.", CARD],
  "0500-0400-0001-0003": ["Die Druckdatei ist nicht lesbar.", "Reiche sie noch einmal ein."],
  "0500-0400-0001-0004": ["Der Drucker nimmt die Druckdatei nicht an."],
  "0500-0400-0001-0006": ["Der unterbrochene Druck konnte nicht weitergehen."],
  "0500-0400-0001-0049": ["Das AMS antwortet nicht, wie es soll.", PLUG],
  "0500-0400-0002-0007": SOFT,
  "0500-0400-0003-0008": ["Die Tür ist wohl offen.", "Schließ die Tür."],
  "0500-0400-0003-0009": SOFT,
  "0500-0500-0001-0001": DATA,
  "0500-0500-0001-0006": DATA,
  "0500-0500-0001-0007": ["Der Drucker nimmt aus dem LAN keine Befehle an.", DEVELOPER_MODE],
  "0500-0500-0001-000F": PART_FIRMWARE,
  "0500-0500-0001-0021": ["Das Zeitraffer-Zubehör wird nicht angenommen.", PLUG],
  "0500-0500-0003-0002": ["Der Drucker ist im Wartungszustand des Herstellers."],
  "0C00-0100-0002-0008": ["Die Kamera liefert kein Bild, um den Druck zu überwachen.", PLUG],
  "0C00-0300-0002-0010": ["Auf dem Bett liegt etwas.", "Mach das Bett frei."],
  "0C00-0300-0003-0006": ["Das ausgespülte Filament hat sich vielleicht gestaut.", "Leere den Auswurf."],
};
