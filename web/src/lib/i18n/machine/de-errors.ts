import type { Said } from "@/lib/i18n/machine/codes";

const LOAD = "Lege am Drucker Filament ein und setze dann fort.";
const SLICE = "Slice die Datei neu für diesen Drucker und reiche sie als neuen Auftrag ein.";
const CARD = "Sieh nach, ob die Speicherkarte steckt, nicht voll, nicht schreibgeschützt und mit FAT32 formatiert ist.";
const CLEAN = "Reinige die Düse, dann setze fort oder brich ab.";
const LOOK = "Sieh dir den Druck an, dann setze fort oder brich ab.";
const RESTART = "Schalte den Drucker aus und ein; kommt es wieder, lass ihn nachsehen.";
const FAN = "Sieh nach, ob etwas den Lüfter blockiert und ob sein Stecker sitzt.";
const UPDATE = "Bring am Bildschirm des Druckers die Firmware auf den neuesten Stand.";
const CLOUD = "Layerline braucht die Cloud des Herstellers nicht: Für seine Drucke ist nichts zu tun.";
const NETWORK = "Stell den Drucker näher an den Router, oder prüfe dessen Einstellungen.";
const RESUME = "Setze fort, wenn alles bereit ist.";
const WAIT_RETRY = "Warte, dann versuch es noch einmal.";
const OTHER_CARD = "Formatiere die Karte, oder nimm eine andere.";
export const DEVELOPER_MODE =
  "Am Bildschirm des Druckers: Einstellungen, Netzwerk; schalte dort LAN Only Mode und dann Developer Mode ein. Der Zugangscode ändert sich dabei: Trag den neuen in den Einstellungen des Knotens ein.";

const NO_CLOUD: Said = ["Der Drucker erreicht die Cloud seines Herstellers nicht.", CLOUD];
const NO_UPDATE: Said = ["Das AMS kann gerade nicht aktualisiert werden.", "Warte, bis es nichts zu tun hat."];
const NO_WIFI: Said = ["Der Drucker hat kein WLAN.", NETWORK];
const UNREADABLE: Said = ["Die Druckdatei ist nicht lesbar.", CARD];
const OTHER_MODEL: Said = ["Die Datei ist für ein anderes Druckermodell geslict.", SLICE];
const OTHER_NOZZLE: Said = ["Die Datei ist für eine andere Düse geslict.", SLICE];
const HOTEND_FAN: Said = ["Der Lüfter des Hotends dreht nicht, wie er soll.", FAN];
const PAUSED_THERE: Said = ["Der Druck wurde am Drucker angehalten.", RESUME];
const CLOGGED: Said = ["Die Düse ist verstopft.", CLEAN];
const CANCELLED: Said = ["Der Druck wurde abgebrochen."];

/** Numbers that stand in a row and say the same. */
function row(part: number, first: number, count: number, said: Said): [string, Said][] {
  const hex = (n: number): string => n.toString(16).toUpperCase().padStart(4, "0");
  return Array.from({ length: count }, (_, n) => [`${hex(part)}-${hex(first + n)}`, said]);
}

/** The printer's errors by the maker's number, AAAA-BBBB; those of an AMS are elsewhere. */
export const errors: Readonly<Record<string, Said>> = {
  ...Object.fromEntries([
    ...row(0x0500, 0x4017, 19, NO_CLOUD),
    ...row(0x0501, 0x4017, 19, NO_CLOUD),
    ...row(0x0500, 0x400f, 5, NO_UPDATE),
    ...row(0x0500, 0x402a, 3, NO_WIFI),
  ]),
  "07FF-8011": ["Das Filament der externen Spule ist zu Ende.", LOAD],
  "0300-4000": ["Das Einmessen der Z-Achse ist gescheitert.", "Sieh nach, ob die Druckplatte leer ist und richtig liegt."],
  "0300-4001": [
    "Die Düse ist zum Einmessen nicht rechtzeitig abgekühlt.",
    "Warte, bis sie kühl ist, dann versuch es noch einmal.",
  ],
  "0300-4002": ["Das Nivellieren des Betts ist gescheitert.", "Reinige Druckplatte und Düse."],
  "0300-4005": HOTEND_FAN,
  "0300-4006": ["Die Düse ist verstopft.", "Reinige die Düse."],
  "0300-4008": ["Das AMS konnte das Filament nicht wechseln.", "Sieh das AMS an."],
  "0300-4009": ["Das Einmessen der Achsen X und Y ist gescheitert.", "Sieh nach, ob der Druckkopf frei läuft."],
  "0300-400A": ["Das Messen der Schwingungen ist gescheitert.", RESTART],
  "0300-400B": ["Teile des Druckers verstehen einander nicht.", RESTART],
  "0300-400C": CANCELLED,
  "0300-400D": ["Der Druck konnte nach einem Stromausfall nicht weitergehen."],
  "0300-400E": ["Der Selbsttest der Motoren ist gescheitert.", RESTART],
  "0300-4013": ["Das AMS trocknet gerade Filament.", "Warte, bis es fertig ist, oder beende es dort."],
  "0300-4014": ["Das Einmessen der Z-Achse ist gescheitert: Die Temperatur bleibt nicht gleich.", RESTART],
  "0300-4020": ["Der Drucker findet keine Düse.", "Sieh nach, ob das Hotend richtig sitzt."],
  "0300-4067": ["Eine Kalibrierung lag außerhalb ihrer Grenzen.", "Kalibriere noch einmal."],
  "0300-8000": ["Der Drucker hat angehalten und sagt nicht, warum.", LOOK],
  "0300-8001": PAUSED_THERE,
  "0300-8003": ["Die Kamera sieht Fadensalat.", LOOK],
  "0300-8004": ["Das Filament ist zu Ende.", LOAD],
  "0300-8005": ["Die vordere Abdeckung des Druckkopfs ist abgefallen.", "Setz sie wieder ein, dann setze fort."],
  "0300-8007": ["Ein Stromausfall hat einen Druck unterbrochen.", "Antworte am Bildschirm des Druckers."],
  "0300-8008": ["Die Temperatur der Düse stimmt nicht.", RESTART],
  "0300-8009": ["Die Temperatur des Betts stimmt nicht.", RESTART],
  "0300-800B": ["Das Messer für das Filament klemmt.", "Zieh seinen Hebel heraus, dann setze fort."],
  "0300-800C": ["Ein Motor hat Schritte verloren; der Drucker hat sich neu eingestellt.", "Sieh nach, ob Schichten verschoben sind."],
  "0300-800D": ["Der Extruder schiebt das Filament nicht, wie er soll.", CLEAN],
  "0300-800E": UNREADABLE,
  "0300-800F": ["Die Tür ist wohl offen.", "Schließ die Tür, dann setze fort."],
  "0300-8010": HOTEND_FAN,
  "0300-8013": PAUSED_THERE,
  "0300-8014": ["An der Düse klebt Filament, oder die Druckplatte liegt schief.", CLEAN],
  "0300-8015": ["Die externe Spule ist zu Ende.", LOAD],
  "0300-8016": CLOGGED,
  "0300-8017": ["Auf dem Bett liegt etwas.", "Mach das Bett frei, dann setze fort oder brich ab."],
  "0300-8018": ["Die Temperatur des Bauraums stimmt nicht.", LOOK],
  "0300-8019": ["Auf dem Bett liegt keine Druckplatte.", "Leg die Druckplatte ein, dann setze fort."],
  "0500-4001": ["Der Drucker erreicht die Cloud seines Herstellers nicht.", CLOUD],
  "0500-4002": ["Der Drucker kann mit dem Pfad oder Namen der Datei nichts anfangen."],
  "0500-4003": ["Der Drucker kann die Datei nicht lesen.", SLICE],
  "0500-4004": ["Der Drucker ist mit einem anderen Druck beschäftigt."],
  "0500-4005": ["Der Drucker nimmt keinen Druck an, solange er aktualisiert wird.", WAIT_RETRY],
  "0500-4006": ["Der Speicher des Druckers hat versagt.", CARD],
  "0500-4007": ["Der Drucker muss aktualisiert werden, bevor er druckt.", UPDATE],
  "0500-4008": ["Der Drucker konnte den Druck nicht beginnen.", RESTART],
  "0500-4009": ["Der Drucker nimmt keinen Druck an, solange er seine Protokolle sendet.", WAIT_RETRY],
  "0500-400A": ["Der Drucker kann mit dem Namen der Datei nichts anfangen."],
  "0500-400B": ["Der Drucker konnte die Datei nicht holen."],
  "0500-400C": ["Im Drucker steckt keine Speicherkarte.", CARD],
  "0500-400D": ["Der Drucker will zuerst einen Selbsttest.", "Starte ihn an seinem Bildschirm."],
  "0500-400E": CANCELLED,
  "0500-4014": ["Das Slicen in der Cloud ist gescheitert.", SLICE],
  "0500-4015": ["Die Speicherkarte des Druckers ist voll.", CARD],
  "0500-4016": ["Die Speicherkarte des Druckers ist schreibgeschützt.", CARD],
  "0500-402D": ["Der Drucker meldet einen eigenen Fehler.", RESTART],
  "0500-402E": ["Die Speicherkarte des Druckers ist nicht mit FAT32 formatiert.", CARD],
  "0500-402F": ["Die Speicherkarte des Druckers ist beschädigt.", OTHER_CARD],
  "0500-4030": ["Der Drucker wird gerade aktualisiert.", WAIT_RETRY],
  "0500-4031": ["Die Firmware eines angeschlossenen Teils passt nicht zu der des Druckers.", UPDATE],
  "0500-4033": ["Die Firmware des AMS passt nicht zu der des Druckers.", UPDATE],
  "0500-4037": OTHER_MODEL,
  "0500-4038": OTHER_NOZZLE,
  "0500-4040": ["Zum Trocknen hat das AMS zu wenig Strom."],
  "0500-4041": ["Während eines Drucks kann das AMS nicht trocknen."],
  "0500-4042": ["Das Trocknen nähme dem Drucker den Strom."],
  "0500-4043": ["Vom Strom des Druckers kann nur ein AMS trocknen."],
  "0500-8013": UNREADABLE,
  "0500-8036": OTHER_MODEL,
  "0500-803C": OTHER_NOZZLE,
  "0500-C010": ["Der Drucker kann seine Speicherkarte nicht lesen oder beschreiben.", CARD],
  "0500-C011": ["Die Speicherkarte ist langsam geworden.", OTHER_CARD],
  "0501-4034": ["Das Slicen in der Cloud kommt nicht voran.", SLICE],
  "0502-4001": ["Das Filament ist in Gebrauch: Seine Angaben lassen sich jetzt nicht ändern."],
  "0502-4004": ["Das kann die Firmware des Druckers nicht.", UPDATE],
  "0502-4007": ["Der Drucker nimmt aus dem LAN keine Befehle an.", DEVELOPER_MODE],
  "0502-400D": ["Der Drucker lädt oder entlädt noch Filament.", "Warte, bis er fertig ist, dann versuch es noch einmal."],
};
