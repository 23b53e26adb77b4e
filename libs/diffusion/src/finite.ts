/** @file NaN and infinity. */

/** Whether all values are finite. Without a branch in the loop: 0 times NaN or infinity is NaN, and stays it. */
export function allFinite(data: Float32Array): boolean {
  let zero = 0;
  for (let i = 0; i < data.length; i++) zero += data[i]! * 0;
  return zero === 0;
}
