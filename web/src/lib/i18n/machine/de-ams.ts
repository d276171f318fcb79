import { partsOf, type Said } from "@/lib/i18n/machine/codes";

const MODULE = 0x07;
const MAINBOARD = 0x05;
const EXTERNAL = 0xff;
const UNITS = 8;
const SLOTS = 4;
const UNITS_WITH_TAGS = 4;

const LOAD = "Lege Filament in dasselbe Fach, dann setze fort.";
const UNTANGLE = "Sieh nach, ob das Filament verheddert ist oder die Spule klemmt, dann setze fort.";
const CLEAN = "Reinige Düse und Extruder, dann setze fort oder brich ab.";
const CUTTER = "Zieh den Hebel des Messers heraus und sieh dir die Klinge an, dann setze fort.";
const TUBE = "Sieh dir die Schläuche im und hinter dem AMS an, dann setze fort.";
const PLUG = "Sieh nach, ob der Stecker sitzt; kommt es wieder, lass das AMS nachsehen.";
const RETRY = "Setze fort, um es noch einmal zu versuchen; kommt es wieder, sieh dir die Fächer des AMS an.";
const TAG = "Wähle das Filament am Bildschirm des Druckers.";
const RESTART = "Zieh das Filament aus dem AMS und schalte es aus und ein.";
const WAIT = "Warte, bis es fertig ist, dann setze fort.";
const DRYING = "Es betrifft das Trocknen, nicht den Druck.";
const SERVICE = "Lass das AMS nachsehen.";
const FIRMWARE = "Bring am Bildschirm des Druckers die Firmware auf den neuesten Stand.";
const CABLE = "Steck das Kabel des AMS neu ein, oder schalte den Drucker aus und ein.";
const NO_MAPPING: Said = ["Der Drucker hat keine brauchbare Zuordnung der Fächer.", RETRY];
const CANT_DRY: Said = ["{ams} kann jetzt nicht trocknen.", DRYING];
const OTHER_FIRMWARE: Said = ["Die Firmware von {ams} passt nicht zu der des Druckers.", FIRMWARE];
const STICKS: Said = ["{slot}: Das Filament steckt im Schlauch fest.", TUBE];
const TAG_UNREAD: Said = ["{slot}: Der Chip der Spule ist nicht lesbar.", TAG];

/** By the low half of an error of the AMS. */
const ERRORS: Readonly<Record<number, Said>> = {
  0x4001: ["{ams} ist ausgeschaltet, aber sein Filament ist noch geladen.", "Entlade es."],
  0x4025: ["{ams} kann nicht lesen, welches Filament darin ist.", TAG],
  0x8001: ["{ams}: Das Filament ließ sich nicht abschneiden.", CUTTER],
  0x8002: ["{ams}: Das Messer klemmt.", CUTTER],
  0x8003: ["{ams}: Das Filament kommt nicht aus dem Extruder.", CLEAN],
  0x8004: ["{ams} kann das Filament nicht zurückziehen.", UNTANGLE],
  0x8005: ["{ams} kann das Filament nicht hinausschieben.", TUBE],
  0x8006: ["{ams} kann das Filament nicht in den Extruder schieben.", UNTANGLE],
  0x8007: ["{ams}: Der Extruder schiebt das Filament nicht.", CLEAN],
  0x8010: ["{ams}: Der Motor ist überlastet.", UNTANGLE],
  0x8011: ["{ams}: Das Filament ist zu Ende.", LOAD],
  0x8012: NO_MAPPING,
  0x8013: ["{ams}: Das alte Filament ist nicht rechtzeitig ausgespült.", CLEAN],
  0x8016: ["{ams}: Der Extruder schiebt nicht, wie er soll.", CLEAN],
  0x8017: ["{ams} trocknet gerade Filament.", WAIT],
  0x8023: ["{ams} wird nicht kühl.", "Stell es in einen kühleren Raum."],
  0xc069: ["{ams}: Das Trocknen ist gescheitert.", DRYING],
  0xc06a: CANT_DRY,
  0xc06b: CANT_DRY,
  0xc06c: CANT_DRY,
  0xc06d: CANT_DRY,
  0xc06e: CANT_DRY,
};

/** By the low half of an error of the mainboard that speaks of an AMS. */
const MAINBOARD_ERRORS: Readonly<Record<number, Said>> = {
  0x4098: ["Der Drucker findet {ams} nicht.", CABLE],
  0x409d: OTHER_FIRMWARE,
  0x40a3: ["{ams} antwortet nicht, wie es soll.", CABLE],
};

type Group = Readonly<Record<number, Said>>;

const ASSIST_MOTOR: Group = {
  0x1_0001: ["{ams}: Der Motor rutscht auf dem Filament.", UNTANGLE],
  0x1_0003: ["{ams}: Die Kraft des Motors ist außer Kontrolle.", PLUG],
  0x1_0004: ["{ams}: Das Tempo des Motors ist außer Kontrolle.", PLUG],
  0x1_0005: ["{ams}: Der Stromsensor des Motors ist defekt.", SERVICE],
  0x1_0011: ["{ams}: Der Motor ist nicht kalibriert.", RESTART],
  0x2_0002: ["{ams}: Der Motor ist überlastet.", UNTANGLE],
  0x2_0006: ["{ams}: Die Kabel des Motors haben keinen Kontakt.", PLUG],
  0x2_0007: ["{ams}: Der Drehgeber des Motors hat keinen Kontakt.", PLUG],
  0x2_0008: ["{ams}: Eine Wicklung des Motors ist unterbrochen.", SERVICE],
  0x2_0009: ["{ams}: Die Wicklungen des Motors sind ungleich.", SERVICE],
  0x2_0010: ["{ams}: Der Motor hat einen falschen Widerstand.", SERVICE],
  0x2_0011: ["{ams}: Die Einstellungen des Motors sind verloren.", RESTART],
};

const FILAMENT: Group = {
  0x1_0081: ["{slot}: Der Chip der Spule ist nicht lesbar.", SERVICE],
  0x1_0082: ["{slot}: Der Chip der Spule ist von einem anderen Hersteller.", TAG],
  0x1_0083: ["{slot}: Der Chip der Spule ist beschädigt.", TAG],
  0x1_0084: TAG_UNREAD,
  0x1_0085: ["{slot}: Der Chip der Spule ist nicht echt.", TAG],
  0x1_0086: ["{slot}: Die Spule dreht sich nicht.", UNTANGLE],
  0x2_0001: ["{slot}: Das Filament ist zu Ende.", LOAD],
  0x2_0002: ["{slot} ist leer.", LOAD],
  0x2_0003: ["{slot}: Das Filament ist im AMS gebrochen.", RESTART],
  0x2_0004: ["{slot}: Das Filament ist im Druckkopf gebrochen.", CLEAN],
  0x2_0005: ["{slot}: Das Filament ging zu Ende, und sein Rest wurde nicht ausgespült.", CLEAN],
  0x2_0006: ["{ams}: Ein Filamentschlauch ist gebrochen oder hat sich gelöst.", TUBE],
  0x2_0007: ["{slot}: Der Sensor am Ausgang sagt nichts.", PLUG],
  0x2_0008: ["{slot}: Der Sensor am Eingang sagt nichts.", PLUG],
  0x2_0009: ["{slot}: Der Extruder schiebt das Filament nicht.", CLEAN],
  0x2_0010: ["{slot}: Das Filament kommt nicht heraus.", TUBE],
  0x2_0011: ["{slot}: Das Filament lässt sich nicht zurückziehen.", UNTANGLE],
  0x2_0012: ["{slot}: Der Motor kann die Spule nicht drehen.", UNTANGLE],
  0x2_0013: ["{slot}: Der Motor gibt kein Signal.", PLUG],
  0x2_0014: ["{slot}: Der Wegmesser sagt nichts.", PLUG],
  0x2_0015: ["{slot}: Das Filament ist vielleicht im AMS gebrochen.", RESTART],
  0x2_0016: ["{slot}: Der Motor rutscht auf abgenutztem Filament.", UNTANGLE],
  ...Object.fromEntries(Array.from({ length: 12 }, (_, n) => [0x2_0017 + n, STICKS])),
  0x2_0023: ["{slot}: Der Schlauch im AMS ist gebrochen.", TUBE],
  0x2_0024: ["{slot}: Die Spule dreht sich nicht zurück.", UNTANGLE],
  0x2_0025: ["{slot}: Das Filament läuft zu schwer.", TUBE],
  0x3_0001: ["{slot}: zu Ende; das alte Filament wird ausgespült."],
  0x3_0002: [
    "{slot}: zu Ende; der Druck geht aus einem anderen Fach mit demselben Filament weiter.",
    "Lege eine neue Spule ein, wenn du kannst.",
  ],
};

const TAG_READER: Group = {
  0x1_0001: ["{slot}: Der Chipleser ist defekt.", SERVICE],
  0x1_0004: ["{slot}: Der Baustein des Chiplesers ist defekt.", SERVICE],
  0x2_0002: TAG_UNREAD,
  0x3_0003: ["{slot}: Der Chipleser arbeitet nicht.", SERVICE],
};

/** By part and code of a health message of the AMS. */
const HEALTH: Readonly<Record<number, Group>> = {
  0x01: ASSIST_MOTOR,
  0x02: {
    0x1_0001: ["{ams} misst den Weg des Filaments falsch.", SERVICE],
    0x2_0002: ["{ams}: Der Wegmesser des Filaments sagt nichts.", PLUG],
  },
  0x10: {
    0x1_0001: ["{slot}: Der Motor rutscht auf dem Filament.", UNTANGLE],
    0x1_0003: ["{slot}: Die Kraft des Motors wird nicht geregelt.", SERVICE],
    0x2_0002: ["{slot}: Der Motor ist überlastet.", UNTANGLE],
    0x2_0004: ["{slot}: Der Motor gibt kein Signal.", PLUG],
  },
  0x20: FILAMENT,
  0x25: { 0x2_0001: ["{ams} trocknet mit dem Strom des Druckers.", DRYING] },
  0x30: TAG_READER,
  0x35: {
    0x1_0001: ["{ams}: Der Feuchtesensor ist defekt.", SERVICE],
    0x1_0002: ["{ams}: Der Feuchtesensor hat keinen Kontakt.", PLUG],
  },
  0x40: {
    0x2_0001: ["{ams}: Der Filamentpuffer sagt nichts.", PLUG],
    0x2_0002: ["{ams}: Die Stellung des Filamentpuffers stimmt nicht.", PLUG],
    0x2_0003: ["Der AMS-Hub antwortet nicht.", PLUG],
    0x2_0004: ["{ams}: Der Filamentpuffer klemmt.", UNTANGLE],
  },
  0x45: {
    0x2_0001: ["Der Sensor des Messers arbeitet nicht.", PLUG],
    0x2_0002: ["Das Messer war nicht, wo es sein soll.", "Miss den Drucker neu ein."],
    0x2_0003: ["Der Hebel des Messers kam nicht zurück.", CUTTER],
  },
  0x50: { 0x2_0001: ["{ams} antwortet nicht, wie es soll.", CABLE] },
  0x51: { 0x3_0001: ["{ams} ist ausgeschaltet.", "Nimm die externe Spule."] },
  0x56: { 0x3_0001: ["{ams} kühlt nach dem Trocknen ab.", WAIT] },
  0x60: { 0x2_0001: ["{slot} ist überlastet.", UNTANGLE] },
  0x70: {
    0x2_0001: ["Das Filament kommt nicht aus dem Extruder.", CLEAN],
    0x2_0002: ["Das Filament erreicht den Druckkopf nicht.", UNTANGLE],
    0x2_0003: ["Der Extruder schiebt das Filament nicht.", CLEAN],
    0x2_0004: ["Das Filament lässt sich nicht in {ams} zurückziehen.", UNTANGLE],
    0x2_0005: ["{ams} kann das Filament nicht hinausschieben.", TUBE],
    0x2_0006: ["Das alte Filament ist nicht rechtzeitig ausgespült.", CLEAN],
    0x2_0007: ["{ams}: Das Filament ist zu Ende.", LOAD],
    0x2_0008: NO_MAPPING,
  },
  0x96: { 0x1_0001: ["{ams} könnte beim Trocknen überhitzen.", "Schalte das AMS jetzt aus."] },
};
const SLOTTED: ReadonlySet<number> = new Set([0x10, 0x20, 0x30, 0x60]);
const DRYER: Said = ["{ams}: Der Trockner braucht Aufmerksamkeit.", DRYING];
const isDryer = (part: number): boolean => part === 0x80 || part === 0x81 || (part >= 0x90 && part <= 0x98);
const FIRMWARE_HEALTH: Readonly<Record<number, Group>> = {
  0x04: { 0x1_0044: OTHER_FIRMWARE },
  0x05: { 0x1_0010: OTHER_FIRMWARE, 0x1_0014: ["{ams} wird vom Drucker nicht angenommen.", CABLE] },
};
/** Health messages of the mainboard about tags: slot 1 of A to slot 4 of D, a code each. */
const UNKNOWN_TAGS = 0x2_0010;

function named([text, advice]: Said, unit: number, slot: number): Said {
  const isExternal = unit === EXTERNAL;
  const ams = isExternal ? "Die externe Spule" : `AMS ${String.fromCharCode(65 + unit)}`;
  const place = isExternal ? ams : `${ams}, Fach ${slot + 1}`;
  const said = text.replace("{ams}", ams).replace("{slot}", place);
  return advice === undefined ? [said] : [said, advice];
}

/** What the mainboard says of an AMS: of a tag, or of its firmware. */
function ofMainboard(unit: number, part: number, code: number): Said | null {
  const tag = code - UNKNOWN_TAGS;
  if (part === 0x04 && tag >= 0 && tag < SLOTS * UNITS_WITH_TAGS) {
    return named(TAG_UNREAD, Math.floor(tag / SLOTS), tag % SLOTS);
  }
  const said = FIRMWARE_HEALTH[part]?.[code];
  return said === undefined ? null : named(said, unit, 0);
}

function ofAms(unit: number, part: number, code: number): Said | null {
  const isSlotted = SLOTTED.has(part & 0xf0) && (part & 0x0f) < SLOTS;
  const said = HEALTH[isSlotted ? part & 0xf0 : part]?.[code] ?? (isDryer(part) ? DRYER : undefined);
  return said === undefined ? null : named(said, unit, isSlotted ? part & 0x0f : 0);
}

function isUnit(unit: number): boolean {
  return unit < UNITS || unit === EXTERNAL;
}

function errorOf(module: number, unit: number, low: number): Said | null {
  const said = (module === MODULE ? ERRORS : MAINBOARD_ERRORS)[low];
  return said === undefined ? null : named(said, unit, 0);
}

/** What a code of an AMS says: unit and slot stand in the number. */
export function amsWords(code: string): Said | null {
  const [high = 0, low = 0, kind, detail] = partsOf(code) ?? [];
  const [module, unit] = [high >> 8, high & 0xff];
  if ((module !== MODULE && module !== MAINBOARD) || !isUnit(unit)) return null;
  if (kind === undefined || detail === undefined) return errorOf(module, unit, low);
  if ((low & 0xff) !== 0) return null;
  return (module === MODULE ? ofAms : ofMainboard)(unit, low >> 8, kind * 0x1_0000 + detail);
}
