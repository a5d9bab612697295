// Where the phone is: asked only when somebody pressed a button that says so, and told to nobody but the hall.

const PATIENCE_MS = 15000;
const FRESH_MS = 60000;

/** Why there is no position: `denied`, `none` or `unknown`. */
export class NoPosition extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

export function here() {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation || !isSecureContext) return reject(new NoPosition("none"));
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude } }) => resolve({ latitude, longitude }),
      (error) => reject(new NoPosition(error.code === error.PERMISSION_DENIED ? "denied" : "unknown")),
      { timeout: PATIENCE_MS, maximumAge: FRESH_MS, enableHighAccuracy: true },
    );
  });
}

const EARTH_M = 6371000;
const radians = (degrees) => (degrees * Math.PI) / 180;

/** Metres between two positions on a round earth. */
export function distance(a, b) {
  const north = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2;
  const east = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  const both = north + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * east;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(both)));
}
