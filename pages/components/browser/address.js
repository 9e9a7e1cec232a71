// The camera in the address bar, so that a link brings another reader to the same view. Written
// without a rerun, so Python never learns of it: what a rerun writes is put right afterwards.

const NAME = "view";
const WRITTEN = /^(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?),(\d+(?:\.\d+)?)$/;
const DIGITS = 5; // of a degree: a metre

// The camera that a reader chose goes into the address; null takes it out.
export function writeCamera(camera) {
  const address = new URL(location.href);
  const wanted = camera && text(camera);
  if (address.searchParams.get(NAME) === wanted) return;
  if (wanted) address.searchParams.set(NAME, wanted);
  else address.searchParams.delete(NAME);
  history.replaceState(history.state, "", address.href.replaceAll("%2C", ","));
}

function text({ center, zoom }) {
  const { lng, lat } = center.wrap();
  return [lng.toFixed(DIGITS), lat.toFixed(DIGITS), zoom.toFixed(2)].join();
}

let opened = new URLSearchParams(location.search).get(NAME) ?? "";

// The camera that the link asked for, once; null where it looks elsewhere than at these bounds.
export function cameraAsked([west, south, east, north]) {
  const found = WRITTEN.exec(opened);
  opened = "";
  if (!found) return null;
  const [lon, lat, zoom] = found.slice(1).map(Number);
  const [across, up] = [east - west, north - south];
  const aside = Math.abs(((lon - (west + east) / 2 + 540) % 360) - 180);
  const elsewhere = aside > 1.5 * across || lat < south - up || lat > north + up;
  if (elsewhere || Math.abs(lat) > 90) return null;
  return { center: [lon, lat], zoom: Math.min(zoom, 18) };
}
